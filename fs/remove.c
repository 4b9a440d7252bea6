#include "fs/remove.h"

#include "fs/answer.h"
#include "fs/source.h"

static gboolean
remove_file (MfMount *mount, guint64 parent, const char *name, pid_t pid, MfMsgId *out_id,
             GError **error)
{
  g_auto (MfSource) source = { 0 };
  g_autofree char *base = NULL;

  if (!mf_source_find (mount, parent, name, pid, &source, error))
    return FALSE;
  *out_id = source.message.id;
  if (source.linked)
    return mf_linked_remove (mount->linked, source.folder.id, name);
  base = mf_source_base (&source);
  if (!mf_cache_remove (mount->cache, source.message.id, base, error))
    return FALSE;
  if (source.dropped)
    mf_dropped_remove (mount->dropped, mf_inode_from_node (parent).id, name);
  if (source.message.place != MF_PLACE_TMP)
    mf_vacated_add (mount->vacated, &source.message, base, pid);
  mf_source_tell (mount, &source, parent, 0, NULL);
  return TRUE;
}

void
mf_remove (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  g_autoptr (GError) error = NULL;
  MfEntryName entry = { parent, name };
  MfMsgId id = 0;

  if (mf_answer_read_only (req))
    return;
  if (remove_file (mf_mount_of (req), parent, name, fuse_req_ctx (req)->pid, &id, &error))
    mf_answer_done (req, id, &entry, 1);
  else
    mf_answer_error (req, error, "unlink");
}
