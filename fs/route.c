/* The kernel never asks again for what is answered ENOSYS, be it for a message or a
 * private file.  So what only one of them can do is answered for the other here. */
#include "fs/route.h"

#include "fs/find.h"
#include "fs/inode.h"
#include "fs/ops.h"
#include "fs/private.h"
#include "fs/privatedir.h"
#include "fs/privatefile.h"
#include "fs/privateroot.h"

#include <errno.h>

static const struct fuse_lowlevel_ops private_ops = {
  .lookup = mf_private_lookup,
  .forget = mf_private_forget,
  .getattr = mf_private_getattr,
  .setattr = mf_private_setattr,
  .readlink = mf_private_readlink,
  .mknod = mf_private_mknod,
  .mkdir = mf_private_mkdir,
  .unlink = mf_private_unlink,
  .rmdir = mf_private_rmdir,
  .symlink = mf_private_symlink,
  .rename = mf_private_rename,
  .link = mf_private_link,
  .create = mf_privatefile_create,
  .open = mf_privatefile_open,
  .read = mf_privatefile_read,
  .write = mf_privatefile_write,
  .flush = mf_privatefile_flush,
  .fsync = mf_privatefile_fsync,
  .release = mf_privatefile_release,
  .fallocate = mf_privatefile_fallocate,
  .copy_file_range = mf_privatefile_copy,
  .opendir = mf_privatedir_opendir,
  .readdir = mf_privatedir_readdir,
  .readdirplus = mf_privatedir_readdirplus,
  .releasedir = mf_privatedir_releasedir,
  .fsyncdir = mf_privatedir_fsyncdir,
  .statfs = mf_private_statfs,
  .setxattr = mf_privatefile_setxattr,
  .getxattr = mf_privatefile_getxattr,
  .listxattr = mf_privatefile_listxattr,
  .removexattr = mf_privatefile_removexattr,
};

static gboolean
is_private (fuse_ino_t node)
{
  return mf_inode_from_node (node).kind == MF_INODE_PRIVATE;
}

static gboolean
is_private_name (fuse_ino_t parent, const char *name)
{
  MfInode inode = mf_inode_from_node (parent);

  return inode.kind == MF_INODE_PRIVATE
         || (inode.kind == MF_INODE_FOLDER && mf_private_is_name (inode.id, name));
}

static const struct fuse_lowlevel_ops *
by_node (fuse_ino_t node)
{
  return is_private (node) ? &private_ops : &mf_ops;
}

static const struct fuse_lowlevel_ops *
by_name (fuse_ino_t parent, const char *name)
{
  return is_private_name (parent, name) ? &private_ops : &mf_ops;
}

/* ---- names ------------------------------------------------------------ */

static void
lookup (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  if (!mf_echo_lookup (req, parent, name))
    by_name (parent, name)->lookup (req, parent, name);
}

static void
forget (fuse_req_t req, fuse_ino_t node, uint64_t n_lookups)
{
  by_node (node)->forget (req, node, n_lookups);
}

/* All but private nodes have nothing to forget. */
static void
forget_multi (fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
  MfBacking *backing = mf_mount_of (req)->backing;

  for (size_t i = 0; i < count; i++)
    if (is_private (forgets[i].ino))
      mf_backing_forget (backing, forgets[i].ino, forgets[i].nlookup);
  fuse_reply_none (req);
}

static void
make_node (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
  by_name (parent, name)->mknod (req, parent, name, mode, device);
}

static void
make_dir (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
  by_name (parent, name)->mkdir (req, parent, name, mode);
}

static void
unlink_name (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  if (!mf_echo_unlink (req, (MfEntryName){ parent, name }))
    by_name (parent, name)->unlink (req, parent, name);
}

/* A folder that has private files in it is not empty. */
static gboolean
is_kept (const MfMount *mount, fuse_ino_t parent, const char *name)
{
  MfInode inode = mf_inode_from_node (parent);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_auto (MfFolder) folder = { 0 };

  if (inode.kind != MF_INODE_FOLDER
      || !mf_find_folder (mount->cache, inode.id, name, &folder, NULL))
    return FALSE;
  mf_privateroot_list (mount->private_fd, folder.id, names);
  return names->len > 0;
}

static void
remove_dir (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  if (!is_private_name (parent, name) && is_kept (mf_mount_of (req), parent, name))
    fuse_reply_err (req, ENOTEMPTY);
  else
    by_name (parent, name)->rmdir (req, parent, name);
}

static void
make_symlink (fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
  by_name (parent, name)->symlink (req, target, parent, name);
}

static void
rename_name (fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
             const char *new_name, unsigned int flags)
{
  const struct fuse_lowlevel_ops *from = by_name (parent, name),
                                 *to = by_name (new_parent, new_name);

  if (mf_echo_rename (req, (MfEntryName){ parent, name }, (MfEntryName){ new_parent, new_name }))
    return;
  if (from != to)
    fuse_reply_err (req, EXDEV);
  else if (to == &mf_ops && flags == 0 && is_kept (mf_mount_of (req), new_parent, new_name))
    fuse_reply_err (req, ENOTEMPTY);
  else
    from->rename (req, parent, name, new_parent, new_name, flags);
}

static void
make_link (fuse_req_t req, fuse_ino_t node, fuse_ino_t new_parent, const char *new_name)
{
  const struct fuse_lowlevel_ops *from = by_node (node), *to = by_name (new_parent, new_name);

  if (from != to)
    fuse_reply_err (req, EXDEV);
  else
    from->link (req, node, new_parent, new_name);
}

/* ---- attributes ------------------------------------------------------- */

static void
getattr (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  by_node (node)->getattr (req, node, fi);
}

static void
setattr (fuse_req_t req, fuse_ino_t node, struct stat *stat, int to_set, struct fuse_file_info *fi)
{
  by_node (node)->setattr (req, node, stat, to_set, fi);
}

static void
read_symlink (fuse_req_t req, fuse_ino_t node)
{
  if (is_private (node))
    private_ops.readlink (req, node);
  else
    fuse_reply_err (req, EINVAL);
}

static void
statfs (fuse_req_t req, fuse_ino_t node)
{
  by_node (node)->statfs (req, node);
}

static void
set_xattr (fuse_req_t req, fuse_ino_t node, const char *name, const char *value, size_t size,
           int flags)
{
  by_node (node)->setxattr (req, node, name, value, size, flags);
}

static void
get_xattr (fuse_req_t req, fuse_ino_t node, const char *name, size_t size)
{
  by_node (node)->getxattr (req, node, name, size);
}

static void
list_xattr (fuse_req_t req, fuse_ino_t node, size_t size)
{
  by_node (node)->listxattr (req, node, size);
}

static void
remove_xattr (fuse_req_t req, fuse_ino_t node, const char *name)
{
  by_node (node)->removexattr (req, node, name);
}

/* ---- files ------------------------------------------------------------ */

static void
create_file (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
             struct fuse_file_info *fi)
{
  by_name (parent, name)->create (req, parent, name, mode, fi);
}

static void
open_file (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  by_node (node)->open (req, node, fi);
}

static void
read_file (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *fi)
{
  by_node (node)->read (req, node, size, offset, fi);
}

static void
write_file (fuse_req_t req, fuse_ino_t node, const char *bytes, size_t size, off_t offset,
            struct fuse_file_info *fi)
{
  by_node (node)->write (req, node, bytes, size, offset, fi);
}

static void
flush_file (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  by_node (node)->flush (req, node, fi);
}

static void
sync_file (fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *fi)
{
  by_node (node)->fsync (req, node, data_only, fi);
}

static void
release_file (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  by_node (node)->release (req, node, fi);
}

static void
allocate (fuse_req_t req, fuse_ino_t node, int mode, off_t offset, off_t length,
          struct fuse_file_info *fi)
{
  if (is_private (node))
    private_ops.fallocate (req, node, mode, offset, length, fi);
  else
    fuse_reply_err (req, EOPNOTSUPP);
}

static void
copy_range (fuse_req_t req, fuse_ino_t node, off_t offset, struct fuse_file_info *fi, fuse_ino_t to,
            off_t to_offset, struct fuse_file_info *to_fi, size_t size, int flags)
{
  if (is_private (node) && is_private (to))
    private_ops.copy_file_range (req, node, offset, fi, to, to_offset, to_fi, size, flags);
  else
    fuse_reply_err (req, EXDEV);
}

/* ---- directories ------------------------------------------------------ */

static void
open_dir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  by_node (node)->opendir (req, node, fi);
}

static void
read_dir (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *fi)
{
  by_node (node)->readdir (req, node, size, offset, fi);
}

static void
read_dir_plus (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
               struct fuse_file_info *fi)
{
  by_node (node)->readdirplus (req, node, size, offset, fi);
}

static void
release_dir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  by_node (node)->releasedir (req, node, fi);
}

/* A folder has names of both kinds. */
static void
sync_dir (fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *fi)
{
  MfInode inode = mf_inode_from_node (node);
  int result = 0;

  if (inode.kind == MF_INODE_FOLDER)
    result = mf_privateroot_sync (mf_mount_of (req)->private_fd, inode.id);
  if (result < 0)
    fuse_reply_err (req, -result);
  else
    by_node (node)->fsyncdir (req, node, data_only, fi);
}

static void
init (void *user_data, struct fuse_conn_info *connection)
{
  mf_ops.init (user_data, connection);
}

const struct fuse_lowlevel_ops mf_route_ops = {
  .init = init,
  .lookup = lookup,
  .forget = forget,
  .forget_multi = forget_multi,
  .getattr = getattr,
  .setattr = setattr,
  .readlink = read_symlink,
  .mknod = make_node,
  .mkdir = make_dir,
  .unlink = unlink_name,
  .rmdir = remove_dir,
  .symlink = make_symlink,
  .rename = rename_name,
  .link = make_link,
  .create = create_file,
  .open = open_file,
  .read = read_file,
  .write = write_file,
  .flush = flush_file,
  .fsync = sync_file,
  .release = release_file,
  .fallocate = allocate,
  .copy_file_range = copy_range,
  .opendir = open_dir,
  .readdir = read_dir,
  .readdirplus = read_dir_plus,
  .releasedir = release_dir,
  .fsyncdir = sync_dir,
  .statfs = statfs,
  .setxattr = set_xattr,
  .getxattr = get_xattr,
  .listxattr = list_xattr,
  .removexattr = remove_xattr,
};
