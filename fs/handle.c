#include "fs/handle.h"

#include "fs/name.h"

#include <string.h>

static MfHandle *
new_handle (const MfMount *mount)
{
  MfHandle *self = g_new0 (MfHandle, 1);

  self->mount = mount;
  return self;
}

MfHandle *
mf_handle_new_text (const MfMount *mount, GString *text)
{
  MfHandle *self = new_handle (mount);

  self->text = text;
  return self;
}

MfHandle *
mf_handle_new_events (const MfMount *mount)
{
  MfHandle *self = new_handle (mount);

  self->events = mount->events;
  return self;
}

/* (nullable): the name without flags, if it was generated. */
static char *
generated_base (MfCache *cache, MfMsgId id)
{
  g_auto (MfMessage) message = { 0 };
  g_auto (MfFolder) folder = { 0 };
  char name[MF_NAME_MAX + 1];

  if (!mf_cache_message (cache, id, &message, NULL) || message.base != NULL
      || !mf_cache_folder (cache, message.folder, &folder, NULL)
      || !mf_name_format (&message, folder.tag, name))
    return NULL;
  return g_strndup (name, strcspn (name, ":"));
}

static MfDraft *
open_draft (MfCache *cache, MfMsgId id, GError **error)
{
  g_autofree char *base = generated_base (cache, id);

  return mf_cache_draft_open (cache, id, base, error);
}

static gboolean
take_draft (MfHandle *self, GError **error)
{
  if (self->draft == NULL)
    self->draft = open_draft (self->mount->cache, self->id, error);
  return self->draft != NULL;
}

/* The number is noted first: what is written meanwhile is looked at again. */
static gboolean
take_body (MfHandle *self, GError **error)
{
  guint generation = mf_generations_get (self->mount->generations, self->id);
  MfBody *body;

  if (self->body != NULL && self->generation == generation)
    return TRUE;
  body = mf_cache_body_open (self->mount->cache, self->id, error);
  if (body == NULL)
    return FALSE;
  g_clear_pointer (&self->body, mf_body_close);
  self->body = body;
  self->generation = generation;
  return TRUE;
}

MfHandle *
mf_handle_open (const MfMount *mount, MfMsgId id, gboolean writer, GError **error)
{
  g_autoptr (MfHandle) self = new_handle (mount);

  self->id = id;
  self->writer = writer;
  return (writer ? take_draft : take_body) (self, error) ? g_steal_pointer (&self) : NULL;
}

/* What a program is in the midst of writing is not what it means. */
static void
end (gpointer handle)
{
  MfHandle *self = handle;

  if (self->wrote)
    g_clear_pointer (&self->draft, mf_draft_leave);
  mf_handle_free (self);
}

void
mf_handle_give (MfHandle *self, struct fuse_file_info *fi)
{
  mf_opened_add (self->mount->opened, self, end);
  fi->fh = (guint64)(guintptr)self;
}

void
mf_handle_free (MfHandle *self)
{
  mf_opened_remove (self->mount->opened, self);
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  g_clear_pointer (&self->body, mf_body_close);
  g_clear_pointer (&self->draft, mf_draft_close);
  g_free (self);
}

static gssize
read_text (const GString *text, guint64 offset, char *buffer, gsize size)
{
  gsize start = (gsize)MIN (offset, text->len);
  gsize n = MIN (size, text->len - start);

  memcpy (buffer, text->str + start, n);
  return (gssize)n;
}

/* Who reads from the beginning gets what is kept from its beginning; who has looked
 * for the end knows where he is. */
static gssize
read_events (MfHandle *self, guint64 offset, char *buffer, gsize size)
{
  guint64 start = 0, end = 0;

  mf_events_range (self->events, &start, &end);
  if (!self->reading && offset == 0)
    self->skipped = start;
  self->reading = TRUE;
  return (gssize)mf_events_read (self->events, self->skipped + offset, buffer, size);
}

gssize
mf_handle_read (MfHandle *self, guint64 offset, char *buffer, gsize size, GError **error)
{
  if (self->events != NULL)
    return read_events (self, offset, buffer, size);
  if (self->text != NULL)
    return read_text (self->text, offset, buffer, size);
  if (self->writer)
    return take_draft (self, error) ? mf_draft_read (self->draft, offset, buffer, size, error) : -1;
  return take_body (self, error) ? mf_body_read (self->body, offset, buffer, size, error) : -1;
}

static void
note_written (MfHandle *self)
{
  if (!self->wrote)
    mf_generations_raise (self->mount->generations, self->id);
  self->wrote = TRUE;
}

gboolean
mf_handle_write (MfHandle *self, guint64 offset, const char *bytes, gsize size, GError **error)
{
  if (!take_draft (self, error) || !mf_draft_write (self->draft, offset, bytes, size, error))
    return FALSE;
  note_written (self);
  return TRUE;
}

gboolean
mf_handle_truncate (MfHandle *self, guint64 size, GError **error)
{
  if (!take_draft (self, error) || !mf_draft_truncate (self->draft, size, error))
    return FALSE;
  note_written (self);
  return TRUE;
}

void
mf_handle_replace (MfHandle *self, const MfMessage *old)
{
  mf_draft_replace (self->draft, old);
}

gboolean
mf_handle_flush (MfHandle *self, GError **error)
{
  if (self->draft == NULL)
    return TRUE;
  if (!mf_draft_flush (self->draft, error))
    return FALSE;
  self->wrote = FALSE;
  return TRUE;
}

/* That it is no message yet will be said when it is closed. */
gboolean
mf_handle_sync (MfHandle *self, GError **error)
{
  GError *local = NULL;

  if (self->draft == NULL)
    return mf_cache_sync_disk (self->mount->cache, error);
  if (mf_handle_flush (self, &local)
      || g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_INVALID))
    {
      g_clear_error (&local);
      return mf_draft_sync (self->draft, error);
    }
  g_propagate_error (error, local);
  return FALSE;
}

void
mf_handle_let_go (MfHandle *self)
{
  g_clear_pointer (&self->draft, mf_draft_close);
}
