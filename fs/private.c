#include "fs/private.h"

#include "fs/control.h"
#include "fs/inode.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SEARCH_NAME ".search"
/* Set user id, and set group id but for directories, where it means something else. */
#define RIGHTS_OF(mode) (S_ISDIR (mode) ? S_ISUID : S_ISUID | S_ISGID)

gboolean
mf_private_is_name (MfFolderId folder, const char *name)
{
  if (name[0] != '.')
    return FALSE;
  return folder != MF_FOLDER_ROOT
         || !(g_str_equal (name, MF_CONTROL_NAME) || g_str_equal (name, SEARCH_NAME));
}

void
mf_private_path (int fd, char path[static MF_PRIVATE_PATH_MAX + 1])
{
  g_snprintf (path, MF_PRIVATE_PATH_MAX + 1, "/proc/self/fd/%d", fd);
}

int
mf_private_dir_fd (MfMount *mount, guint64 parent)
{
  MfInode inode = mf_inode_from_node (parent);
  g_auto (MfFolder) folder = { 0 };

  if (mount->read_only)
    return -EROFS;
  if (inode.kind == MF_INODE_FOLDER && !mf_cache_folder (mount->cache, inode.id, &folder, NULL))
    return -ENOENT;
  return mf_backing_dir_fd (mount->backing, parent);
}

void
mf_private_widen (int dir_fd, const char *name, mode_t mode)
{
  mode_t wanted = mode & (S_IRWXG | S_IRWXO);
  struct stat stat;

  if (wanted != 0 && fstatat (dir_fd, name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
    fchmodat (dir_fd, name, (stat.st_mode & 07777) | wanted, 0);
}

int
mf_private_fill_entry (MfMount *mount, guint64 parent, const char *name,
                       struct fuse_entry_param *out_entry)
{
  int result;

  *out_entry = (struct fuse_entry_param){
    .generation = 1,
    .attr_timeout = MF_TIMEOUT_LONG_S,
    .entry_timeout = MF_TIMEOUT_LONG_S,
  };
  result = mf_backing_lookup (mount->backing, parent, name, &out_entry->attr);
  if (result >= 0)
    out_entry->ino = out_entry->attr.st_ino;
  return result;
}

static void
reply (fuse_req_t req, int result)
{
  fuse_reply_err (req, result < 0 ? -result : 0);
}

static void
reply_entry (fuse_req_t req, const struct fuse_entry_param *entry)
{
  if (fuse_reply_entry (req, entry) != 0 && entry->ino != 0)
    mf_backing_forget (mf_mount_of (req)->backing, entry->ino, 1);
}

/* ---- names ------------------------------------------------------------ */

void
mf_private_lookup (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  struct fuse_entry_param entry;
  int result = mf_private_fill_entry (mf_mount_of (req), parent, name, &entry);

  /* Without a node it says that there is no such name. */
  if (result >= 0 || result == -ENOENT)
    reply_entry (req, &entry);
  else
    reply (req, result);
}

void
mf_private_forget (fuse_req_t req, fuse_ino_t node, uint64_t n_lookups)
{
  mf_backing_forget (mf_mount_of (req)->backing, node, n_lookups);
  fuse_reply_none (req);
}

/* @result is of the call that made it. */
static void
reply_made (fuse_req_t req, int result, fuse_ino_t parent, const char *name)
{
  struct fuse_entry_param entry;

  if (result >= 0)
    result = mf_private_fill_entry (mf_mount_of (req), parent, name, &entry);
  if (result >= 0)
    reply_entry (req, &entry);
  else
    reply (req, result);
}

static int
make_node (MfMount *mount, guint64 parent, const char *name, mode_t mode)
{
  int fd = mf_private_dir_fd (mount, parent);

  if (fd < 0)
    return fd;
  if (S_ISBLK (mode) || S_ISCHR (mode))
    return -EPERM;
  if (mknodat (fd, name, mode & ~RIGHTS_OF (mode), 0) != 0)
    return -errno;
  mf_private_widen (fd, name, mode);
  return 0;
}

void
mf_private_mknod (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
  reply_made (req, make_node (mf_mount_of (req), parent, name, mode), parent, name);
}

static int
make_dir (MfMount *mount, guint64 parent, const char *name, mode_t mode)
{
  int fd = mf_private_dir_fd (mount, parent);

  if (fd < 0)
    return fd;
  if (mkdirat (fd, name, mode) != 0)
    return -errno;
  mf_private_widen (fd, name, mode);
  return 0;
}

void
mf_private_mkdir (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
  reply_made (req, make_dir (mf_mount_of (req), parent, name, mode), parent, name);
}

static int
make_symlink (MfMount *mount, const char *target, guint64 parent, const char *name)
{
  int fd = mf_private_dir_fd (mount, parent);

  if (fd < 0)
    return fd;
  return symlinkat (target, fd, name) == 0 ? 0 : -errno;
}

void
mf_private_symlink (fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
  reply_made (req, make_symlink (mf_mount_of (req), target, parent, name), parent, name);
}

static int
make_link (MfMount *mount, guint64 node, guint64 parent, const char *name)
{
  int dir_fd = mf_private_dir_fd (mount, parent);
  int fd = mf_backing_fd (mount->backing, node);
  char path[MF_PRIVATE_PATH_MAX + 1];

  if (dir_fd < 0 || fd < 0)
    return MIN (dir_fd, fd);
  mf_private_path (fd, path);
  return linkat (AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : -errno;
}

void
mf_private_link (fuse_req_t req, fuse_ino_t node, fuse_ino_t new_parent, const char *new_name)
{
  int result = make_link (mf_mount_of (req), node, new_parent, new_name);

  reply_made (req, result, new_parent, new_name);
}

static void
remove_name (fuse_req_t req, fuse_ino_t parent, const char *name, int flags)
{
  MfMount *mount = mf_mount_of (req);

  if (mount->read_only)
    reply (req, -EROFS);
  else
    reply (req, mf_backing_unlink (mount->backing, parent, name, flags));
}

void
mf_private_unlink (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  remove_name (req, parent, name, 0);
}

void
mf_private_rmdir (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  remove_name (req, parent, name, AT_REMOVEDIR);
}

void
mf_private_rename (fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                   const char *new_name, unsigned int flags)
{
  MfMount *mount = mf_mount_of (req);
  int result = mf_private_dir_fd (mount, new_parent);

  if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
    result = -EINVAL;
  if (result >= 0)
    result = mf_backing_rename (mount->backing, parent, name, new_parent, new_name, flags);
  reply (req, result);
}

/* ---- attributes ------------------------------------------------------- */

static void
reply_attr (fuse_req_t req, fuse_ino_t node)
{
  struct stat stat;
  int result = mf_backing_stat (mf_mount_of (req)->backing, node, &stat);

  if (result >= 0)
    fuse_reply_attr (req, &stat, MF_TIMEOUT_LONG_S);
  else
    reply (req, result);
}

void
mf_private_getattr (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  reply_attr (req, node);
}

static int
set_owner (int fd, const struct stat *stat, int to_set)
{
  uid_t uid = to_set & FUSE_SET_ATTR_UID ? stat->st_uid : (uid_t)-1;
  gid_t gid = to_set & FUSE_SET_ATTR_GID ? stat->st_gid : (gid_t)-1;

  return fchownat (fd, "", uid, gid, AT_EMPTY_PATH);
}

static struct timespec
choose_time (struct timespec time, gboolean now, gboolean set)
{
  if (now)
    time.tv_nsec = UTIME_NOW;
  else if (!set)
    time.tv_nsec = UTIME_OMIT;
  return time;
}

static int
set_times (int fd, const struct stat *stat, int to_set)
{
  struct timespec times[] = {
    choose_time (stat->st_atim, to_set & FUSE_SET_ATTR_ATIME_NOW, to_set & FUSE_SET_ATTR_ATIME),
    choose_time (stat->st_mtim, to_set & FUSE_SET_ATTR_MTIME_NOW, to_set & FUSE_SET_ATTR_MTIME),
  };

  return utimensat (fd, "", times, AT_EMPTY_PATH);
}

/* With a file handle the size can be set whatever the file's mode says. */
static int
set_attributes (int fd, const struct stat *stat, int to_set, const struct fuse_file_info *fi)
{
  char path[MF_PRIVATE_PATH_MAX + 1];
  int result = 0;

  mf_private_path (fd, path);
  if (to_set & FUSE_SET_ATTR_MODE)
    result = chmod (path, stat->st_mode & 07777 & ~RIGHTS_OF (stat->st_mode));
  if (result == 0 && (to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)))
    result = set_owner (fd, stat, to_set);
  if (result == 0 && (to_set & FUSE_SET_ATTR_SIZE))
    result = fi != NULL ? ftruncate ((int)fi->fh, stat->st_size) : truncate (path, stat->st_size);
  if (result == 0 && (to_set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME)))
    result = set_times (fd, stat, to_set);
  return result == 0 ? 0 : -errno;
}

void
mf_private_setattr (fuse_req_t req, fuse_ino_t node, struct stat *stat, int to_set,
                    struct fuse_file_info *fi)
{
  MfMount *mount = mf_mount_of (req);
  int result = mount->read_only ? -EROFS : mf_backing_fd (mount->backing, node);

  if (result >= 0)
    result = set_attributes (result, stat, to_set, fi);
  if (result >= 0)
    reply_attr (req, node);
  else
    reply (req, result);
}

void
mf_private_readlink (fuse_req_t req, fuse_ino_t node)
{
  int fd = mf_backing_fd (mf_mount_of (req)->backing, node);
  char target[PATH_MAX + 1];
  ssize_t n;

  if (fd < 0)
    {
      reply (req, fd);
      return;
    }
  n = readlinkat (fd, "", target, PATH_MAX);
  if (n < 0)
    {
      reply (req, -errno);
      return;
    }
  target[n] = '\0';
  fuse_reply_readlink (req, target);
}

/* Of the disk that holds the file, not the server's quota. */
void
mf_private_statfs (fuse_req_t req, fuse_ino_t node)
{
  int fd = mf_backing_fd (mf_mount_of (req)->backing, node);
  struct statvfs out;

  if (fd < 0)
    reply (req, fd);
  else if (fstatvfs (fd, &out) != 0)
    reply (req, -errno);
  else
    fuse_reply_statfs (req, &out);
}
