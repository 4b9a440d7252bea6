#include "fs/target.h"

#include "fs/inode.h"
#include "fs/name.h"

void
mf_target_clear (MfTarget *target)
{
  mf_folder_clear (&target->folder);
  mf_message_clear (&target->existing);
  g_clear_pointer (&target->base, g_free);
}

static gboolean
refuse (GError **error, MfCacheError code, const char *why)
{
  g_set_error_literal (error, MF_CACHE_ERROR, code, why);
  return FALSE;
}

static gboolean
parse (MfTarget *self, const char *file_name, GError **error)
{
  g_auto (MfName) name = { 0 };

  if (mf_find_is_draft_name (self->place, file_name))
    {
      self->place = MF_PLACE_TMP;
      self->base = g_strdup (file_name);
      return TRUE;
    }
  if (!mf_name_parse (file_name, &name))
    return refuse (error, MF_CACHE_ERROR_INVALID, "no message can have this name");
  if (!mf_name_fits (name.base))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG, "name too long");
      return FALSE;
    }
  self->base = g_steal_pointer (&name.base);
  self->has_info = name.has_info;
  self->flags = name.flags;
  return TRUE;
}

static gboolean
find_existing (const MfMount *mount, MfTarget *self, const char *name, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean stale;

  if (self->dropped
      || mf_find_file (mount, &self->folder, self->place, name, &self->existing, &stale, &local)
      || g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
mf_target_find (const MfMount *mount, guint64 parent, const char *name, MfTarget *out_target,
                GError **error)
{
  MfInode inode = mf_inode_from_node (parent);
  g_auto (MfTarget) self = { 0 };

  self.dropped = !mf_inode_is_place (inode, &self.place);
  if (self.dropped)
    self.place = MF_PLACE_NEW;
  if ((self.dropped && (inode.kind != MF_INODE_FOLDER || name[0] == '.'))
      || inode.id == MF_FOLDER_LOST)
    return refuse (error, MF_CACHE_ERROR_UNSUPPORTED, "no message can be put here");
  if (!mf_cache_folder (mount->cache, inode.id, &self.folder, error)
      || !parse (&self, name, error))
    return FALSE;
  if (!self.folder.selectable)
    return refuse (error, MF_CACHE_ERROR_UNSUPPORTED, "this folder cannot hold messages");
  if (!find_existing (mount, &self, name, error))
    return FALSE;
  if (self.has_info && self.place == MF_PLACE_NEW && !self.dropped)
    self.place = MF_PLACE_CUR;
  *out_target = self;
  self = (MfTarget){ 0 };
  return TRUE;
}

/* ---- what it replaces ------------------------------------------------- */

static gboolean
is_there_again (const MfMount *mount, const MfMessage *removed)
{
  g_auto (MfMessage) now = { 0 };

  return mf_cache_message (mount->cache, removed->id, &now, NULL) && now.folder == removed->folder
         && now.place != MF_PLACE_GONE;
}

void
mf_target_find_vacated (const MfMount *mount, MfTarget *target, const MfMessage *source, pid_t pid)
{
  gboolean written = source->place == MF_PLACE_TMP || mf_recent_has (mount->recent, source->id);
  g_auto (MfMessage) old = { 0 };

  if (target->existing.id != 0 || !written || target->place == MF_PLACE_TMP || target->dropped
      || !mf_vacated_take (mount->vacated, target->folder.id, target->base, pid, &old)
      || is_there_again (mount, &old))
    return;
  target->existing = old;
  old = (MfMessage){ 0 };
}

gboolean
mf_target_is_replacing (const MfTarget *target, const MfMessage *source)
{
  return target->existing.id != 0 && target->existing.id != source->id;
}

gboolean
mf_target_keep_keywords (const MfMount *mount, const MfTarget *target, const MfMessage *source,
                         const MfSpot *spot, GError **error)
{
  g_autofree char *keywords = NULL;

  if (!mf_target_is_replacing (target, source) || target->existing.keywords == NULL
      || spot->place == MF_PLACE_TMP)
    return TRUE;
  keywords = g_strjoin (" ", target->existing.keywords, source->keywords, NULL);
  return mf_cache_set_flags (mount->cache, source, source->flags, keywords, error);
}

/* ---- the spot --------------------------------------------------------- */

static gboolean
is_taken (const MfMount *mount, const MfTarget *self, MfMsgId source)
{
  g_auto (MfMessage) message = { 0 };
  gboolean stale;

  return mf_find_message (mount->cache, &self->folder, MF_PLACE_NEW, self->base, &message, &stale,
                          NULL)
         && message.id != source;
}

/* A name in the folder's own directory was never there to be replaced. */
static void
free_base (const MfMount *mount, MfTarget *self, MfMsgId source)
{
  g_autofree char *base = g_strdup (self->base);

  for (guint n = 1; is_taken (mount, self, source); n++)
    {
      g_free (self->base);
      self->base = g_strdup_printf ("%s_%u", base, n);
    }
}

/* In new/ a name without flags says that there are none; elsewhere that nobody
 * thought of them. */
static MfFlags
wish (const MfTarget *self, MfFlags seen)
{
  if (self->has_info)
    return self->flags;
  if (self->place == MF_PLACE_NEW && !self->dropped)
    return 0;
  return self->existing.id != 0 ? self->existing.flags : seen;
}

void
mf_target_settle (const MfMount *mount, MfTarget *target, const MfMessage *source, MfPlace from,
                  MfFlags seen, MfSpot *out_spot)
{
  MfFlags wished = wish (target, seen);
  MfFlags flags = (source->flags | (wished & ~seen)) & ~(seen & ~wished);

  if (target->dropped)
    {
      free_base (mount, target, source->id);
      target->place = flags != 0 || from == MF_PLACE_CUR ? MF_PLACE_CUR : MF_PLACE_NEW;
    }
  *out_spot = (MfSpot){ target->folder.id, target->place, target->base, flags,
                         source->flags };
}
