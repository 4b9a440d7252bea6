#include "fs/setxattr.h"

#include "fs/answer.h"
#include "fs/flagwords.h"
#include "fs/inode.h"
#include "fs/labelwords.h"
#include "fs/source.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#define FLAGS "user.imap.flags"
#define LABELS "user.imap.labels"
#define SUBSCRIBED "user.imap.subscribed"

static gboolean
refuse (GError **error, MfCacheError code, const char *why)
{
  g_set_error_literal (error, MF_CACHE_ERROR, code, why);
  return FALSE;
}

/* A message that is shown nowhere is still open somewhere: it stays as it is. */
static gboolean
set_flags (const MfMount *mount, MfMsgId id, const char *value, GError **error)
{
  g_auto (MfSource) source = { 0 };
  g_autofree char *keywords = NULL;
  MfFlags flags;

  if (!mf_source_of_message (mount, id, &source, error))
    return FALSE;
  if (source.message.place == MF_PLACE_GONE)
    return refuse (error, MF_CACHE_ERROR_NOT_FOUND, "the message is removed");
  flags = source.message.flags;
  keywords = g_strdup (source.message.keywords);
  if (!mf_flagwords_apply (value, &flags, &keywords))
    return refuse (error, MF_CACHE_ERROR_INVALID, "a word is neither a flag nor a keyword");
  if (!mf_cache_set_flags (mount->cache, &source.message, flags, keywords, error))
    return FALSE;
  mf_source_tell (mount, &source, 0, 0, NULL);
  return TRUE;
}

static gboolean
set_labels (const MfMount *mount, MfMsgId id, const char *value, GError **error)
{
  g_auto (MfMessage) message = { 0 };
  g_autofree char *labels = NULL;

  if (!mf_cache_message (mount->cache, id, &message, error))
    return FALSE;
  labels = g_strdup (message.labels != NULL ? message.labels : "");
  if (!mf_labelwords_apply (value, &labels))
    return refuse (error, MF_CACHE_ERROR_INVALID, "a word is no label");
  return mf_cache_set_labels (mount->cache, &message, labels, error);
}

static gboolean
set_subscribed (const MfMount *mount, MfFolderId id, const char *value, GError **error)
{
  if (!g_str_equal (value, "0") && !g_str_equal (value, "1"))
    return refuse (error, MF_CACHE_ERROR_INVALID, "subscribed is 0 or 1");
  return mf_cache_subscribe (mount->cache, id, value[0] == '1', error);
}

static gboolean
set (fuse_req_t req, fuse_ino_t node, const char *name, const char *value, GError **error)
{
  MfInode inode = mf_inode_from_node (node);
  const MfMount *mount = mf_mount_of (req);

  if (g_str_equal (name, FLAGS) && mf_inode_is_message (inode))
    return set_flags (mount, inode.id, value, error);
  if (g_str_equal (name, LABELS) && mf_inode_is_message (inode))
    return set_labels (mount, inode.id, value, error);
  if (g_str_equal (name, SUBSCRIBED) && inode.kind == MF_INODE_FOLDER)
    return set_subscribed (mount, inode.id, value, error);
  return refuse (error, MF_CACHE_ERROR_UNSUPPORTED, "this attribute cannot be set");
}

static gboolean
is_ours (const char *name)
{
  return g_str_has_prefix (name, "user.imap.") || g_str_has_prefix (name, "user.mail.")
         || g_str_has_prefix (name, "user.mailfs.");
}

static void
answer (fuse_req_t req, fuse_ino_t node, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;
  MfInode inode = mf_inode_from_node (node);

  if (mf_answer_read_only (req))
    return;
  if (!is_ours (name))
    fuse_reply_err (req, EOPNOTSUPP);
  else if (set (req, node, name, value, &error))
    mf_answer_done (req, mf_inode_is_message (inode) ? inode.id : 0, NULL, 0);
  else
    mf_answer_error (req, error, "setxattr");
}

void
mf_setxattr (fuse_req_t req, fuse_ino_t node, const char *name, const char *value, size_t size,
             int flags)
{
  g_autofree char *text = g_strndup (value, size);

  if ((flags & XATTR_CREATE) != 0 && g_str_equal (name, FLAGS))
    fuse_reply_err (req, EEXIST);
  else
    answer (req, node, name, text);
}

void
mf_setxattr_remove (fuse_req_t req, fuse_ino_t node, const char *name)
{
  gboolean words = g_str_equal (name, FLAGS) || g_str_equal (name, LABELS);

  answer (req, node, name, words ? "" : "-");
}
