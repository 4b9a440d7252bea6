#include "fs/rename.h"

#include "fs/answer.h"
#include "fs/inode.h"
#include "fs/source.h"
#include "fs/target.h"
#include "fs/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  MfMount *mount;
  MfEntryName from, to;
  gboolean keep;   /* nothing may be replaced */
  pid_t pid;       /* of the thread that asks */
  MfMsgId message; /* what was renamed; 0: a folder */
} Rename;

/* A generated base stays generated as long as the name is the same. */
static gboolean
keeps_base (const MfSource *source, const MfTarget *target)
{
  g_autofree char *base = mf_source_base (source);

  return source->message.folder == target->folder.id && source->message.place != MF_PLACE_TMP
         && strcmp (base, target->base) == 0;
}

static void
tell_replaced (const Rename *self, const MfTarget *target)
{
  const MfMessage *old = &target->existing;
  guint64 directory = mf_inode_place (old->folder, old->place);
  char name[MF_NAME_MAX + 1];

  mf_notify_listing_now (self->mount->notify, directory);
  if (mf_name_format (old, target->folder.tag, name)
      && (directory != self->to.parent || strcmp (name, self->to.name) != 0))
    mf_notify_name (self->mount->notify, directory, name);
}

static gboolean
move (Rename *self, MfSource *source, MfTarget *target, GError **error)
{
  MfSpot spot;

  self->message = source->message.id;
  mf_target_find_vacated (self->mount, target, &source->message, self->pid);
  gboolean replacing = mf_target_is_replacing (target, &source->message);
  mf_target_settle (self->mount, target, &source->message, source->place, source->seen, &spot);
  if (keeps_base (source, target))
    spot.base = NULL;
  if (!mf_cache_rename (self->mount->cache, source->message.id, &spot,
                        replacing ? target->existing.id : 0, error)
      || !mf_target_keep_keywords (self->mount, target, &source->message, &spot, error))
    return FALSE;
  if (source->message.place == MF_PLACE_TMP)
    mf_recent_add (self->mount->recent, source->message.id);
  mf_source_tell (self->mount, source, self->from.parent, self->to.parent, self->to.name);
  if (source->dropped)
    mf_dropped_remove (self->mount->dropped, mf_inode_from_node (self->from.parent).id,
                       self->from.name);
  if (target->dropped)
    mf_dropped_add (self->mount->dropped, target->folder.id, self->to.name, source->message.id,
                    self->pid);
  if (replacing)
    tell_replaced (self, target);
  return TRUE;
}

static gboolean
rename_message (Rename *self, GError **error)
{
  g_auto (MfSource) source = { 0 };
  g_auto (MfTarget) target = { 0 };

  if (!mf_source_find (self->mount, self->from.parent, self->from.name, self->pid, &source,
                       error)
      || !mf_target_find (self->mount, self->to.parent, self->to.name, &target, error))
    return FALSE;
  if (source.linked)
    {
      g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_UNSUPPORTED,
                           "this file has been delivered already");
      return FALSE;
    }
  if (self->keep && mf_target_is_replacing (&target, &source.message))
    {
      g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_EXISTS, "the name is taken");
      return FALSE;
    }
  return move (self, &source, &target, error);
}

static gboolean
rename_anything (Rename *self, GError **error)
{
  MfInode from = mf_inode_from_node (self->from.parent);
  MfPlace place;

  if (mf_inode_is_place (from, &place)
      || mf_dropped_find (self->mount->dropped, from.id, self->from.name, self->pid) != 0)
    return rename_message (self, error);
  return mf_tree_rename (self->mount, self->from, self->to, self->keep, error);
}

void
mf_rename (fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
           const char *new_name, unsigned int flags)
{
  MfEntryName names[] = { { parent, name }, { new_parent, new_name } };
  Rename self = { mf_mount_of (req), names[0], names[1], (flags & RENAME_NOREPLACE) != 0,
                  fuse_req_ctx (req)->pid, 0 };
  g_autoptr (GError) error = NULL;

  if (mf_answer_read_only (req))
    return;
  if ((flags & ~RENAME_NOREPLACE) != 0)
    fuse_reply_err (req, EINVAL);
  else if (rename_anything (&self, &error))
    mf_answer_done (req, self.message, names, G_N_ELEMENTS (names));
  else
    mf_answer_error (req, error, "rename");
}
