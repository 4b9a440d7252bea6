/* What is absent here the kernel does itself and does not ask for again: access
 * checks, locks, seeks, copies. */
#include "fs/ops.h"

#include "fs/attr.h"
#include "fs/dir.h"
#include "fs/file.h"
#include "fs/hardlink.h"
#include "fs/lookup.h"
#include "fs/remove.h"
#include "fs/rename.h"
#include "fs/setattr.h"
#include "fs/setxattr.h"
#include "fs/tree.h"
#include "fs/write.h"
#include "fs/xattr.h"

#include <errno.h>

/* The write-back cache would make the kernel trust its own idea of a size.  That a
 * file is emptied when it is opened comes as a SETATTR of its own. */
static void
init (void *user_data, struct fuse_conn_info *connection)
{
  connection->want |= connection->capable & FUSE_CAP_READDIRPLUS;
  connection->want &= ~(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE
                        | FUSE_CAP_ATOMIC_O_TRUNC);
}

/* Node ids are ids of rows: there is no table of what the kernel knows. */
static void
forget (fuse_req_t req, fuse_ino_t node, uint64_t n_lookups)
{
  fuse_reply_none (req);
}

static void
forget_multi (fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
  fuse_reply_none (req);
}

static void
refuse_symlink (fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
  fuse_reply_err (req, mf_mount_of (req)->read_only ? EROFS : EPERM);
}

const struct fuse_lowlevel_ops mf_ops = {
  .init = init,
  .lookup = mf_lookup,
  .forget = forget,
  .forget_multi = forget_multi,
  .getattr = mf_attr_getattr,
  .setattr = mf_setattr,
  .mknod = mf_write_mknod,
  .mkdir = mf_tree_mkdir,
  .unlink = mf_remove,
  .rmdir = mf_tree_rmdir,
  .symlink = refuse_symlink,
  .rename = mf_rename,
  .link = mf_hardlink,
  .create = mf_write_create,
  .open = mf_file_open,
  .read = mf_file_read,
  .write = mf_write,
  .flush = mf_write_flush,
  .fsync = mf_write_fsync,
  .fsyncdir = mf_write_fsyncdir,
  .release = mf_file_release,
  .opendir = mf_dir_opendir,
  .readdir = mf_dir_readdir,
  .readdirplus = mf_dir_readdirplus,
  .releasedir = mf_dir_releasedir,
  .statfs = mf_attr_statfs,
  .setxattr = mf_setxattr,
  .getxattr = mf_xattr_get,
  .listxattr = mf_xattr_list,
  .removexattr = mf_setxattr_remove,
};
