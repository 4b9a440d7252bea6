#include "fs/privatefile.h"

#include "fs/private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The rest is the kernel's part of an open, or would put an end to writing at an
 * offset: it is the kernel that appends. */
#define FLAGS_PASSED (O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC | O_NOATIME)
#define USER_PREFIX "user."
/* Of one request to copy, for others wait; less than asked for may be copied. */
#define COPY_MAX_BYTES ((size_t)16 << 20)

static void
reply (fuse_req_t req, int result)
{
  fuse_reply_err (req, result < 0 ? -result : 0);
}

/* ---- open and close --------------------------------------------------- */

static void
fill_handle (struct fuse_file_info *fi, int fd)
{
  fi->fh = (guint64)fd;
  fi->keep_cache = 1;
  fi->noflush = (fi->flags & O_ACCMODE) == O_RDONLY;
}

static int
make (MfMount *mount, guint64 parent, const char *name, mode_t mode, int flags)
{
  int dir_fd = mf_private_dir_fd (mount, parent), fd;

  if (dir_fd < 0)
    return dir_fd;
  fd = openat (dir_fd, name, (flags & (FLAGS_PASSED | O_EXCL)) | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
               mode & ~(S_ISUID | S_ISGID));
  if (fd < 0)
    return -errno;
  mf_private_widen (dir_fd, name, mode);
  return fd;
}

void
mf_privatefile_create (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                       struct fuse_file_info *fi)
{
  MfMount *mount = mf_mount_of (req);
  struct fuse_entry_param entry;
  int fd = make (mount, parent, name, mode, fi->flags);
  int result = fd;

  if (fd >= 0)
    result = mf_private_fill_entry (mount, parent, name, &entry);
  if (result < 0)
    {
      if (fd >= 0)
        close (fd);
      reply (req, result);
      return;
    }
  fill_handle (fi, fd);
  if (fuse_reply_create (req, &entry, fi) != 0)
    {
      mf_backing_forget (mount->backing, entry.ino, 1);
      close (fd);
    }
}

static int
open_node (MfMount *mount, guint64 node, int flags)
{
  int fd = mf_backing_fd (mount->backing, node);
  char path[MF_PRIVATE_PATH_MAX + 1];

  if (fd < 0)
    return fd;
  if (mount->read_only && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)))
    return -EROFS;
  mf_private_path (fd, path);
  fd = open (path, (flags & FLAGS_PASSED) | O_CLOEXEC);
  return fd >= 0 ? fd : -errno;
}

void
mf_privatefile_open (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  int fd = open_node (mf_mount_of (req), node, fi->flags);

  if (fd < 0)
    {
      reply (req, fd);
      return;
    }
  fill_handle (fi, fd);
  if (fuse_reply_open (req, fi) != 0)
    close (fd);
}

/* What close(2) would say; there may be more than one flush of a handle. */
void
mf_privatefile_flush (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  int copy = fcntl ((int)fi->fh, F_DUPFD_CLOEXEC, 0);

  reply (req, copy >= 0 && close (copy) == 0 ? 0 : -errno);
}

void
mf_privatefile_fsync (fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *fi)
{
  mf_syncer_push (mf_mount_of (req)->syncer, req, (int)fi->fh, data_only != 0);
}

void
mf_privatefile_release (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  close ((int)fi->fh);
  reply (req, 0);
}

/* ---- content ---------------------------------------------------------- */

void
mf_privatefile_read (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                     struct fuse_file_info *fi)
{
  g_autofree char *buffer = g_malloc (size);
  size_t used = 0;
  ssize_t n = 1;

  while (used < size && n > 0)
    {
      n = pread ((int)fi->fh, buffer + used, size - used, offset + (off_t)used);
      if (n > 0)
        used += (size_t)n;
    }
  if (n < 0)
    reply (req, -errno);
  else
    fuse_reply_buf (req, buffer, used);
}

void
mf_privatefile_write (fuse_req_t req, fuse_ino_t node, const char *bytes, size_t size, off_t offset,
                      struct fuse_file_info *fi)
{
  size_t used = 0;
  ssize_t n = 1;

  while (used < size && n > 0)
    {
      n = pwrite ((int)fi->fh, bytes + used, size - used, offset + (off_t)used);
      if (n > 0)
        used += (size_t)n;
    }
  if (n < 0 && used == 0)
    reply (req, -errno);
  else
    fuse_reply_write (req, used);
}

void
mf_privatefile_fallocate (fuse_req_t req, fuse_ino_t node, int mode, off_t offset, off_t length,
                          struct fuse_file_info *fi)
{
  reply (req, fallocate ((int)fi->fh, mode, offset, length) == 0 ? 0 : -errno);
}

void
mf_privatefile_copy (fuse_req_t req, fuse_ino_t node, off_t offset, struct fuse_file_info *fi,
                     fuse_ino_t to, off_t to_offset, struct fuse_file_info *to_fi, size_t size,
                     int flags)
{
  ssize_t n = copy_file_range ((int)fi->fh, &offset, (int)to_fi->fh, &to_offset,
                               MIN (size, COPY_MAX_BYTES), (unsigned int)flags);

  if (n < 0)
    reply (req, -errno);
  else
    fuse_reply_write (req, (size_t)n);
}

/* ---- extended attributes ---------------------------------------------- */

/* Fills the path of @node's file. */
static int
find_path (MfMount *mount, guint64 node, char path[static MF_PRIVATE_PATH_MAX + 1])
{
  int fd = mf_backing_fd (mount->backing, node);

  if (fd < 0)
    return fd;
  mf_private_path (fd, path);
  return 0;
}

/* What is not the user's is not asked for again with this answer. */
static int
find_path_to_change (MfMount *mount, guint64 node, const char *name,
                     char path[static MF_PRIVATE_PATH_MAX + 1])
{
  if (mount->read_only)
    return -EROFS;
  if (!g_str_has_prefix (name, USER_PREFIX))
    return -EOPNOTSUPP;
  return find_path (mount, node, path);
}

void
mf_privatefile_setxattr (fuse_req_t req, fuse_ino_t node, const char *name, const char *value,
                         size_t size, int flags)
{
  char path[MF_PRIVATE_PATH_MAX + 1];
  int result = find_path_to_change (mf_mount_of (req), node, name, path);

  if (result >= 0 && setxattr (path, name, value, size, flags) != 0)
    result = -errno;
  reply (req, result);
}

void
mf_privatefile_removexattr (fuse_req_t req, fuse_ino_t node, const char *name)
{
  char path[MF_PRIVATE_PATH_MAX + 1];
  int result = find_path_to_change (mf_mount_of (req), node, name, path);

  if (result >= 0 && removexattr (path, name) != 0)
    result = -errno;
  reply (req, result);
}

static void
reply_value (fuse_req_t req, const char *value, ssize_t n, size_t size)
{
  if (n < 0)
    reply (req, -errno);
  else if (size == 0)
    fuse_reply_xattr (req, (size_t)n);
  else if ((size_t)n > size)
    reply (req, -ERANGE);
  else
    fuse_reply_buf (req, value, (size_t)n);
}

void
mf_privatefile_getxattr (fuse_req_t req, fuse_ino_t node, const char *name, size_t size)
{
  g_autofree char *value = g_malloc (MAX (size, 1));
  char path[MF_PRIVATE_PATH_MAX + 1];
  int result = -EOPNOTSUPP;

  if (g_str_has_prefix (name, USER_PREFIX))
    result = find_path (mf_mount_of (req), node, path);
  if (result < 0)
    reply (req, result);
  else
    reply_value (req, value, getxattr (path, name, value, size), size);
}

/* Takes what is not the user's out of a list, and returns its length. */
static ssize_t
keep_user_names (char *names, ssize_t n)
{
  ssize_t kept = 0;
  ssize_t length;

  if (n < 0)
    return n;
  for (ssize_t i = 0; i < n; i += length)
    {
      length = (ssize_t)strlen (names + i) + 1;
      if (!g_str_has_prefix (names + i, USER_PREFIX))
        continue;
      memmove (names + kept, names + i, (size_t)length);
      kept += length;
    }
  return kept;
}

void
mf_privatefile_listxattr (fuse_req_t req, fuse_ino_t node, size_t size)
{
  g_autofree char *names = g_malloc (XATTR_LIST_MAX);
  char path[MF_PRIVATE_PATH_MAX + 1];
  int result = find_path (mf_mount_of (req), node, path);

  if (result < 0)
    reply (req, result);
  else
    reply_value (req, names, keep_user_names (names, listxattr (path, names, XATTR_LIST_MAX)),
                 size);
}
