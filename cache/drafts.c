#include "cache/drafts.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/error.h"

#define PIECE (32 * 1024)

/* Those who write one message. */
typedef struct
{
  guint n;
  gboolean begun;
  guint version; /* once begun */
  gboolean dirty;
} Holders;

struct _MfDrafts
{
  char *dir;
  GMutex making; /* held while a writer's file is made; taken before lock */
  GMutex lock;
  GHashTable *held; /* MfMsgId -> Holders; guarded by lock */
};

MfDrafts *
mf_drafts_open (const char *state_dir, GError **error)
{
  g_autoptr (MfDrafts) self = g_new0 (MfDrafts, 1);

  self->dir = g_build_filename (state_dir, "outgoing", NULL);
  g_mutex_init (&self->making);
  g_mutex_init (&self->lock);
  self->held = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  if (g_mkdir_with_parents (self->dir, 0700) == 0)
    return g_steal_pointer (&self);
  mf_error_from_errno (error, "making %s", self->dir);
  return NULL;
}

void
mf_drafts_close (MfDrafts *self)
{
  g_hash_table_unref (self->held);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->making);
  g_free (self->dir);
  g_free (self);
}

/* ---- files ------------------------------------------------------------ */

static char *
file_path (MfDrafts *self, MfMsgId id, guint version)
{
  return g_strdup_printf ("%s/%" G_GINT64_FORMAT ".%u", self->dir, id, version);
}

static int
open_version (MfDrafts *self, MfMsgId id, guint version, GError **error)
{
  g_autofree char *path = file_path (self, id, version);
  int fd = open (path, O_RDWR | O_CLOEXEC);

  if (fd < 0)
    mf_error_from_errno (error, "opening %s", path);
  return fd;
}

int
mf_drafts_open_file (MfDrafts *self, const MfMessage *row, GError **error)
{
  return open_version (self, row->id, row->version, error);
}

/* What a transaction that was not committed left there may be linked elsewhere. */
static int
make_version (MfDrafts *self, MfMsgId id, guint version, GError **error)
{
  static const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  g_autofree char *path = file_path (self, id, version);
  int fd = open (path, flags, 0600);

  if (fd < 0 && errno == EEXIST && g_unlink (path) == 0)
    fd = open (path, flags, 0600);
  if (fd < 0)
    mf_error_from_errno (error, "making %s", path);
  return fd;
}

gboolean
mf_drafts_create (MfDrafts *self, MfMsgId id, GError **error)
{
  int fd = make_version (self, id, 0, error);

  if (fd < 0)
    return FALSE;
  close (fd);
  return TRUE;
}

static gboolean
write_all (int fd, const char *bytes, gsize size)
{
  while (size > 0)
    {
      gssize n = write (fd, bytes, size);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      bytes += n;
      size -= (gsize) n;
    }
  return TRUE;
}

static gboolean
copy_body (int fd, MfBody *body, GError **error)
{
  g_autofree char *buffer = g_malloc (PIECE);
  guint64 offset = 0;
  gssize n;

  while ((n = mf_body_read (body, offset, buffer, PIECE, error)) > 0)
    {
      if (!write_all (fd, buffer, (gsize) n))
        return mf_error_from_errno (error, "writing %s", "a draft");
      offset += (guint64) n;
    }
  return n == 0;
}

static int
make_from_body (MfDrafts *self, MfMsgId id, guint version, MfBody *body, GError **error)
{
  int fd = make_version (self, id, version, error);

  if (fd < 0 || copy_body (fd, body, error))
    return fd;
  g_autofree char *path = file_path (self, id, version);
  close (fd);
  g_unlink (path);
  return -1;
}

gboolean
mf_drafts_write_body (MfDrafts *self, MfMsgId id, MfBody *body, GError **error)
{
  int fd = make_from_body (self, id, 0, body, error);

  if (fd < 0)
    return FALSE;
  close (fd);
  return TRUE;
}

static gboolean
copy_file (MfDrafts *self, const MfMessage *from, MfMsgId id, GError **error)
{
  int fd = mf_drafts_open_file (self, from, error);
  g_autoptr (MfBody) body = fd >= 0 ? mf_body_new_file (fd) : NULL;

  return body != NULL && mf_drafts_write_body (self, id, body, error);
}

static gboolean
is_being_written (MfDrafts *self, const MfMessage *row)
{
  return mf_drafts_is_held (self, row->id) && mf_drafts_version (self, row) == row->version;
}

gboolean
mf_drafts_link (MfDrafts *self, const MfMessage *from, MfMsgId id, GError **error)
{
  g_autofree char *old_path = file_path (self, from->id, from->version);
  g_autofree char *new_path = file_path (self, id, 0);

  if (is_being_written (self, from))
    return copy_file (self, from, id, error);
  g_unlink (new_path);
  return link (old_path, new_path) == 0 || mf_error_from_errno (error, "linking %s", new_path);
}

gboolean
mf_drafts_sync (MfDrafts *self, GError **error)
{
  int fd = open (self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (!ok)
    mf_error_from_errno (error, "syncing %s", self->dir);
  if (fd >= 0)
    close (fd);
  return ok;
}

/* ---- removing --------------------------------------------------------- */

void
mf_drafts_delete (MfDrafts *self, MfMsgId id, guint version)
{
  g_autofree char *path = file_path (self, id, version);

  g_unlink (path);
}

GArray *
mf_drafts_list (MfDrafts *self, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, NULL);
  GArray *files = g_array_new (FALSE, FALSE, sizeof (MfDraftFile));
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      MfDraftFile file = { 0 };
      char *end = NULL;
      file.id = g_ascii_strtoll (name, &end, 10);
      if (*end == '.')
        file.version = (guint) g_ascii_strtoull (end + 1, NULL, 10);
      g_array_append_val (files, file);
    }
  if (dir != NULL)
    return files;
  g_array_unref (files);
  mf_error_from_errno (error, "reading %s", self->dir);
  return NULL;
}

static gboolean
is_wanted (MfDrafts *self, MfDb *db, const MfDraftFile *file, gboolean *out, GError **error)
{
  gint64 counts = 0;

  if (!mf_db_number (db, 0, &counts, error,
                     "SELECT 1 FROM message WHERE id = ? AND draft != 0 AND version = ?", "ii",
                     file->id, (gint64) file->version))
    return FALSE;
  g_mutex_lock (&self->lock);
  const Holders *holders = g_hash_table_lookup (self->held, &file->id);
  *out = counts != 0 || (holders != NULL && (!holders->begun || holders->version == file->version));
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* In a transaction, since files are made before the row that wants them is
 * committed. */
gboolean
mf_drafts_sweep (MfDrafts *self, MfDb *db, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_autoptr (GArray) files = NULL;

  if (!mf_db_begin (db, &txn, error))
    return FALSE;
  files = mf_drafts_list (self, error);
  for (guint i = 0; files != NULL && i < files->len; i++)
    {
      const MfDraftFile *file = &g_array_index (files, MfDraftFile, i);
      gboolean wanted = TRUE;
      if (!is_wanted (self, db, file, &wanted, error))
        return FALSE;
      if (!wanted)
        mf_drafts_delete (self, file->id, file->version);
    }
  return files != NULL;
}

/* ---- who is writing --------------------------------------------------- */

void
mf_drafts_hold (MfDrafts *self, MfMsgId id)
{
  g_mutex_lock (&self->lock);
  Holders *holders = g_hash_table_lookup (self->held, &id);
  if (holders == NULL)
    {
      holders = g_new0 (Holders, 1);
      g_hash_table_insert (self->held, g_memdup2 (&id, sizeof id), holders);
    }
  holders->n++;
  g_mutex_unlock (&self->lock);
}

void
mf_drafts_release (MfDrafts *self, MfMsgId id)
{
  g_mutex_lock (&self->lock);
  Holders *holders = g_hash_table_lookup (self->held, &id);
  if (--holders->n == 0)
    g_hash_table_remove (self->held, &id);
  g_mutex_unlock (&self->lock);
}

gboolean
mf_drafts_is_held (MfDrafts *self, MfMsgId id)
{
  g_mutex_lock (&self->lock);
  gboolean held = g_hash_table_contains (self->held, &id);
  g_mutex_unlock (&self->lock);
  return held;
}

static Holders
get_holders (MfDrafts *self, MfMsgId id)
{
  g_mutex_lock (&self->lock);
  const Holders *found = g_hash_table_lookup (self->held, &id);
  Holders holders = found != NULL ? *found : (Holders){ 0 };
  g_mutex_unlock (&self->lock);
  return holders;
}

gboolean
mf_drafts_is_last (MfDrafts *self, MfMsgId id)
{
  return get_holders (self, id).n == 1;
}

guint
mf_drafts_version (MfDrafts *self, const MfMessage *row)
{
  Holders holders = get_holders (self, row->id);

  return holders.begun ? holders.version : row->version;
}

static void
set_begun (MfDrafts *self, MfMsgId id, guint version)
{
  g_mutex_lock (&self->lock);
  Holders *holders = g_hash_table_lookup (self->held, &id);
  holders->begun = TRUE;
  holders->version = version;
  g_mutex_unlock (&self->lock);
}

gboolean
mf_drafts_is_dirty (MfDrafts *self, MfMsgId id)
{
  return get_holders (self, id).dirty;
}

void
mf_drafts_set_dirty (MfDrafts *self, MfMsgId id, gboolean dirty)
{
  g_mutex_lock (&self->lock);
  ((Holders *) g_hash_table_lookup (self->held, &id))->dirty = dirty;
  g_mutex_unlock (&self->lock);
}

/* Another name of the same file is another message's. */
static gboolean
is_shared (int fd)
{
  struct stat attributes;

  return fstat (fd, &attributes) != 0 || attributes.st_nlink > 1;
}

static int
begin_edit (MfDrafts *self, const MfMessage *row, gboolean in_place, MfBody *content,
            guint *out_version, GError **error)
{
  int fd = content == NULL ? mf_drafts_open_file (self, row, error) : -1;
  g_autoptr (MfBody) own = NULL;

  *out_version = row->version;
  if (content == NULL && (fd < 0 || (in_place && !is_shared (fd))))
    return fd;
  if (content == NULL)
    own = mf_body_new_file (fd);
  *out_version = row->version + 1;
  return make_from_body (self, row->id, *out_version, content != NULL ? content : own, error);
}

int
mf_drafts_edit (MfDrafts *self, const MfMessage *row, gboolean in_place, MfBody *content,
                GError **error)
{
  guint version = 0;
  int fd;

  g_mutex_lock (&self->making);
  Holders holders = get_holders (self, row->id);
  if (holders.begun)
    fd = open_version (self, row->id, holders.version, error);
  else
    {
      fd = begin_edit (self, row, in_place, content, &version, error);
      if (fd >= 0)
        set_begun (self, row->id, version);
    }
  g_mutex_unlock (&self->making);
  return fd;
}
