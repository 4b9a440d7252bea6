#include "fs/hardlink.h"

#include "fs/answer.h"
#include "fs/attr.h"
#include "fs/inode.h"
#include "fs/source.h"
#include "fs/target.h"

static gboolean
refuse (GError **error, MfCacheError code, const char *why)
{
  g_set_error_literal (error, MF_CACHE_ERROR, code, why);
  return FALSE;
}

static gboolean
deliver (MfMount *mount, const MfSource *source, MfTarget *target, pid_t pid, MfMsgId *out_id,
         GError **error)
{
  MfSpot spot;

  mf_target_find_vacated (mount, target, &source->message, pid);
  mf_target_settle (mount, target, &source->message, MF_PLACE_TMP, 0, &spot);
  if (!mf_cache_rename (mount->cache, source->message.id, &spot, target->existing.id, error)
      || !mf_target_keep_keywords (mount, target, &source->message, &spot, error))
    return FALSE;
  mf_recent_add (mount->recent, source->message.id);
  mf_linked_add (mount->linked, source->folder.id, source->present, source->message.id);
  *out_id = source->message.id;
  return TRUE;
}

static gboolean
copy (MfMount *mount, const MfSource *source, MfTarget *target, MfMsgId *out_id, GError **error)
{
  g_auto (MfMessage) made = { 0 };
  MfMessage like = source->message;
  MfSpot spot;

  like.id = 0;
  mf_target_settle (mount, target, &like, source->place, source->seen, &spot);
  if (!mf_cache_copy (mount->cache, source->message.id, &spot, &made, error))
    return FALSE;
  *out_id = made.id;
  return TRUE;
}

static gboolean
link_message (MfMount *mount, MfMsgId id, MfEntryName name, pid_t pid, MfMsgId *out_id,
              GError **error)
{
  g_auto (MfSource) source = { 0 };
  g_auto (MfTarget) target = { 0 };

  if (!mf_source_of_message (mount, id, &source, error)
      || !mf_target_find (mount, name.parent, name.name, &target, error))
    return FALSE;
  if (target.existing.id != 0)
    return refuse (error, MF_CACHE_ERROR_EXISTS, "the name is taken");
  if (target.place == MF_PLACE_TMP)
    return refuse (error, MF_CACHE_ERROR_UNSUPPORTED, "a file in tmp/ has one name");
  return source.message.place == MF_PLACE_TMP
             ? deliver (mount, &source, &target, pid, out_id, error)
             : copy (mount, &source, &target, out_id, error);
}

/* The kernel takes the name for the message's until it is told better. */
static void
tell (const MfMount *mount, MfMsgId id, MfEntryName name)
{
  g_auto (MfSource) made = { 0 };

  if (mf_source_of_message (mount, id, &made, NULL))
    mf_source_tell (mount, &made, 0, name.parent, name.name);
}

void
mf_hardlink (fuse_req_t req, fuse_ino_t node, fuse_ino_t new_parent, const char *new_name)
{
  MfMount *mount = mf_mount_of (req);
  MfInode inode = mf_inode_from_node (node);
  MfEntryName name = { new_parent, new_name };
  g_autoptr (GError) error = NULL;
  double timeout_s;
  struct stat stat;
  MfMsgId id;

  if (mf_answer_read_only (req))
    return;
  if ((mf_inode_is_message (inode)
       || refuse (&error, MF_CACHE_ERROR_UNSUPPORTED, "only messages can be linked"))
      && link_message (mount, inode.id, name, fuse_req_ctx (req)->pid, &id, &error)
      && mf_attr_get (mount, mf_inode_message (id), &stat, &timeout_s, &error))
    {
      tell (mount, id, name);
      mf_answer_entry (req, id, &stat, timeout_s, name);
    }
  else
    mf_answer_error (req, error, "link");
}
