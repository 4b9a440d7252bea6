#include "fs/attr.h"

#include "fs/control.h"
#include "fs/errmap.h"
#include "fs/inode.h"
#include "fs/name.h"
#include "fs/privateroot.h"

#include <string.h>

#define BLOCK_BYTES 4096
#define STAT_BLOCK_BYTES 512
/* Shown as free where the server has no quota. */
#define PLENTY_BYTES ((guint64)1 << 50)
#define PLENTY_FILES ((guint64)1 << 31)

static void
fill_common (const MfMount *mount, guint64 node, mode_t mode, struct stat *out_stat)
{
  memset (out_stat, 0, sizeof *out_stat);
  out_stat->st_ino = node;
  out_stat->st_mode = mode;
  out_stat->st_nlink = 1;
  out_stat->st_uid = mount->uid;
  out_stat->st_gid = mount->gid;
  out_stat->st_blksize = BLOCK_BYTES;
}

static void
set_times (struct stat *out_stat, gint64 s, gint64 ns)
{
  struct timespec time = { .tv_sec = s, .tv_nsec = ns };

  out_stat->st_atim = out_stat->st_mtim = out_stat->st_ctim = time;
}

/* Readers of directories take a time of 0 for "never looked at". */
static void
set_change_time (const MfMount *mount, gint64 changed_ns, struct stat *out_stat)
{
  if (changed_ns > 0)
    set_times (out_stat, changed_ns / 1000000000, changed_ns % 1000000000);
  else
    set_times (out_stat, mount->started_s, 0);
}

void
mf_attr_fill_message (const MfMount *mount, const MfMessage *message, guint64 node,
                      struct stat *out_stat)
{
  fill_common (mount, node, S_IFREG | (mount->read_only ? 0400 : 0600), out_stat);
  out_stat->st_size = (off_t)message->size;
  out_stat->st_blocks = (blkcnt_t)((message->size + STAT_BLOCK_BYTES - 1) / STAT_BLOCK_BYTES);
  out_stat->st_nlink += mf_linked_count (mount->linked, message->id);
  set_times (out_stat, message->internaldate, 0);
  if (!message->exact)
    mf_idset_set (mount->hints, message->id);
}

void
mf_attr_fill_place (const MfMount *mount, const MfFolder *folder, MfPlace place,
                    struct stat *out_stat)
{
  fill_common (mount, mf_inode_place (folder->id, place), S_IFDIR | 0700, out_stat);
  out_stat->st_nlink = 2;
  set_change_time (mount, folder->changed_ns[place], out_stat);
}

/* A disk that does not count links of directories says 1, and so must we. */
static void
add_private (const MfMount *mount, MfFolderId folder, struct stat *out_stat)
{
  struct stat private;

  if (!mf_privateroot_stat (mount->private_fd, folder, &private))
    return;
  if (private.st_nlink < 2)
    out_stat->st_nlink = 1;
  else
    out_stat->st_nlink += private.st_nlink - 2;
  if (private.st_mtim.tv_sec >= out_stat->st_mtim.tv_sec)
    set_times (out_stat, private.st_mtim.tv_sec, private.st_mtim.tv_nsec);
}

void
mf_attr_fill_folder (const MfMount *mount, const MfFolder *folder, guint n_children,
                     struct stat *out_stat)
{
  fill_common (mount, mf_inode_folder (folder->id), S_IFDIR | 0700, out_stat);
  out_stat->st_nlink = 2 + n_children + (folder->selectable ? MF_N_PLACES : 0);
  set_change_time (mount, folder->tree_changed_ns, out_stat);
  add_private (mount, folder->id, out_stat);
}

static void
fill_events (const MfMount *mount, struct stat *out_stat)
{
  guint64 start = 0, end = 0;

  mf_events_range (mount->events, &start, &end);
  out_stat->st_size = (off_t)end;
  set_times (out_stat, mf_events_time (mount->events), 0);
}

void
mf_attr_fill_control (const MfMount *mount, gint64 id, struct stat *out_stat)
{
  guint64 node = mf_inode_to_node ((MfInode){ MF_INODE_CONTROL, id });

  fill_common (mount, node, mf_control_mode (id), out_stat);
  out_stat->st_nlink = id == MF_CONTROL_DIR ? 2 : 1;
  set_times (out_stat, mount->started_s, 0);
  if (mf_control_is_events (id))
    fill_events (mount, out_stat);
}

static gboolean
get_folder (const MfMount *mount, MfFolderId id, struct stat *out_stat, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GPtrArray) children = NULL;

  if (!mf_cache_folder (mount->cache, id, &folder, error))
    return FALSE;
  children = mf_cache_folder_children (mount->cache, id, error);
  if (children == NULL)
    return FALSE;
  mf_attr_fill_folder (mount, &folder, children->len, out_stat);
  return TRUE;
}

static gboolean
get_place (const MfMount *mount, MfFolderId id, MfPlace place, struct stat *out_stat,
           GError **error)
{
  g_auto (MfFolder) folder = { 0 };

  if (!mf_cache_folder (mount->cache, id, &folder, error))
    return FALSE;
  mf_attr_fill_place (mount, &folder, place, out_stat);
  return TRUE;
}

static gboolean
get_message (const MfMount *mount, MfMsgId id, guint64 node, struct stat *out_stat, GError **error)
{
  g_auto (MfMessage) message = { 0 };

  if (!mf_cache_message (mount->cache, id, &message, error))
    return FALSE;
  mf_attr_fill_message (mount, &message, node, out_stat);
  return TRUE;
}

gboolean
mf_attr_get (const MfMount *mount, guint64 node, struct stat *out_stat, double *out_timeout_s,
             GError **error)
{
  MfInode inode = mf_inode_from_node (node);
  MfPlace place;

  *out_timeout_s = MF_TIMEOUT_LONG_S;
  if (mf_inode_is_place (inode, &place))
    return get_place (mount, inode.id, place, out_stat, error);

  switch (inode.kind)
    {
    case MF_INODE_FOLDER:
      return get_folder (mount, inode.id, out_stat, error);
    case MF_INODE_ALIAS:
      *out_timeout_s = 0;
      return get_message (mount, inode.id, node, out_stat, error);
    case MF_INODE_MESSAGE:
      return get_message (mount, inode.id, node, out_stat, error);
    case MF_INODE_CONTROL:
      *out_timeout_s = mf_control_timeout_s (inode.id);
      mf_attr_fill_control (mount, inode.id, out_stat);
      return TRUE;
    default:
      g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "No such inode");
      return FALSE;
    }
}

void
mf_attr_getattr (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  g_autoptr (GError) error = NULL;
  struct stat stat;
  double timeout_s;

  if (mf_attr_get (mf_mount_of (req), node, &stat, &timeout_s, &error))
    fuse_reply_attr (req, &stat, timeout_s);
  else
    fuse_reply_err (req, mf_errmap_report (error, "stat"));
}

void
mf_attr_statfs (fuse_req_t req, fuse_ino_t node)
{
  struct statvfs out
      = { .f_bsize = BLOCK_BYTES, .f_frsize = BLOCK_BYTES, .f_namemax = MF_NAME_MAX };
  MfQuota quota = mf_cache_quota (mf_mount_of (req)->cache);
  guint64 limit_bytes = quota.limit_bytes > 0 ? quota.limit_bytes : PLENTY_BYTES;

  /* Every program that walks a tree asks: nothing may be counted for it. */
  out.f_blocks = limit_bytes / BLOCK_BYTES;
  out.f_bfree
      = limit_bytes > quota.used_bytes ? (limit_bytes - quota.used_bytes) / BLOCK_BYTES : 0;
  out.f_bavail = out.f_bfree;
  out.f_files = out.f_ffree = out.f_favail = PLENTY_FILES;
  fuse_reply_statfs (req, &out);
}
