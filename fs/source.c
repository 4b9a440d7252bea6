#include "fs/source.h"

#include "fs/find.h"
#include "fs/inode.h"

#include <string.h>

void
mf_source_clear (MfSource *source)
{
  mf_folder_clear (&source->folder);
  mf_message_clear (&source->message);
}

static gboolean
refuse (GError **error)
{
  g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_UNSUPPORTED,
                       "this is no message and cannot be changed");
  return FALSE;
}

static MfFlags
parse_flags (const char *file_name)
{
  g_auto (MfName) name = { 0 };

  return mf_name_parse (file_name, &name) ? name.flags : 0;
}

/* FALSE without @error: no such name was dropped. */
static gboolean
find_dropped (const MfMount *mount, MfInode parent, const char *name, pid_t pid,
              MfSource *out_source, GError **error)
{
  MfMsgId id = parent.kind == MF_INODE_FOLDER
                   ? mf_dropped_find (mount->dropped, parent.id, name, pid)
                   : 0;

  if (id == 0 || !mf_source_of_message (mount, id, out_source, error))
    return FALSE;
  out_source->dropped = TRUE;
  out_source->stale = TRUE;
  return TRUE;
}

gboolean
mf_source_find (const MfMount *mount, guint64 parent, const char *name, pid_t pid,
                MfSource *out_source, GError **error)
{
  MfInode inode = mf_inode_from_node (parent);
  g_auto (MfSource) self = { 0 };
  GError *local = NULL;

  if (find_dropped (mount, inode, name, pid, out_source, &local))
    return TRUE;
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (!mf_inode_is_place (inode, &self.place))
    return refuse (error);
  if (!mf_cache_folder (mount->cache, inode.id, &self.folder, error)
      || !mf_find_file (mount, &self.folder, self.place, name, &self.message, &self.stale, error))
    return FALSE;
  if (self.place == MF_PLACE_CUR && self.message.place != MF_PLACE_TMP)
    self.seen = parse_flags (name);
  self.linked = self.place == MF_PLACE_TMP && self.message.place != MF_PLACE_TMP;
  mf_name_format (&self.message, self.folder.tag, self.present);
  *out_source = self;
  self = (MfSource){ 0 };
  return TRUE;
}

gboolean
mf_source_of_message (const MfMount *mount, MfMsgId id, MfSource *out_source, GError **error)
{
  g_auto (MfSource) self = { 0 };

  if (!mf_cache_message (mount->cache, id, &self.message, error)
      || !mf_cache_folder (mount->cache, self.message.folder, &self.folder, error))
    return FALSE;
  self.place = self.message.place;
  self.seen = self.message.flags;
  mf_name_format (&self.message, self.folder.tag, self.present);
  *out_source = self;
  self = (MfSource){ 0 };
  return TRUE;
}

char *
mf_source_base (const MfSource *source)
{
  g_auto (MfName) name = { 0 };

  if (source->message.place == MF_PLACE_TMP || !mf_name_parse (source->present, &name))
    return g_strdup (source->present);
  return g_steal_pointer (&name.base);
}

guint64
mf_source_directory (const MfSource *source)
{
  return mf_inode_place (source->message.folder, source->message.place);
}

/* ---- telling ---------------------------------------------------------- */

static gboolean
is_called (const MfSource *source, guint64 parent, const char *name)
{
  return mf_source_directory (source) == parent && strcmp (source->present, name) == 0;
}

/* The kernel forgets by itself what it knew of the directories in a request, once that
 * is answered: with -o sync much later, or never, for who waits may be interrupted. */
static void
tell_directory (const MfMount *mount, const MfSource *source, guint64 from, guint64 parent)
{
  guint64 directory = mf_source_directory (source);

  if (mount->sync || (directory != from && directory != parent))
    mf_notify_listing_now (mount->notify, directory);
}

void
mf_source_tell (const MfMount *mount, const MfSource *source, guint64 from, guint64 parent,
                const char *name)
{
  g_auto (MfSource) now = { 0 };

  tell_directory (mount, source, from, parent);
  if (source->present[0] != '\0' && (source->stale || parent == 0))
    mf_notify_name (mount->notify, mf_source_directory (source), source->present);
  if (!mf_source_of_message (mount, source->message.id, &now, NULL)
      || now.message.place == MF_PLACE_GONE)
    return;
  tell_directory (mount, &now, from, parent);
  if (parent != 0 && !is_called (&now, parent, name))
    mf_notify_name (mount->notify, parent, name);
}
