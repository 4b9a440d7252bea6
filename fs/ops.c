/* What is absent here the kernel does itself and does not ask for again: access
 * checks, locks, seeks, copies.  FLUSH is absent while no file can be written. */
#include "fs/ops.h"

#include "fs/attr.h"
#include "fs/dir.h"
#include "fs/file.h"
#include "fs/lookup.h"
#include "fs/xattr.h"

#include <errno.h>

/* The write-back cache would make the kernel trust its own idea of a size. */
static void
init (void *user_data, struct fuse_conn_info *connection)
{
  connection->want |= connection->capable & FUSE_CAP_READDIRPLUS;
  connection->want &= ~(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE);
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
refuse_setattr (fuse_req_t req, fuse_ino_t node, struct stat *stat, int to_set,
                struct fuse_file_info *fi)
{
  fuse_reply_err (req, EROFS);
}

static void
refuse_mknod (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
  fuse_reply_err (req, EROFS);
}

static void
refuse_mkdir (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
  fuse_reply_err (req, EROFS);
}

static void
refuse_name (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  fuse_reply_err (req, EROFS);
}

static void
refuse_symlink (fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
  fuse_reply_err (req, EROFS);
}

static void
refuse_rename (fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
               const char *new_name, unsigned int flags)
{
  fuse_reply_err (req, EROFS);
}

static void
refuse_link (fuse_req_t req, fuse_ino_t node, fuse_ino_t new_parent, const char *new_name)
{
  fuse_reply_err (req, EROFS);
}

static void
refuse_create (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
               struct fuse_file_info *fi)
{
  fuse_reply_err (req, EROFS);
}

static void
refuse_write (fuse_req_t req, fuse_ino_t node, const char *bytes, size_t size, off_t offset,
              struct fuse_file_info *fi)
{
  fuse_reply_err (req, EROFS);
}

static void
refuse_setxattr (fuse_req_t req, fuse_ino_t node, const char *name, const char *value, size_t size,
                 int flags)
{
  fuse_reply_err (req, EROFS);
}

const struct fuse_lowlevel_ops mf_ops = {
  .init = init,
  .lookup = mf_lookup,
  .forget = forget,
  .forget_multi = forget_multi,
  .getattr = mf_attr_getattr,
  .setattr = refuse_setattr,
  .mknod = refuse_mknod,
  .mkdir = refuse_mkdir,
  .unlink = refuse_name,
  .rmdir = refuse_name,
  .symlink = refuse_symlink,
  .rename = refuse_rename,
  .link = refuse_link,
  .create = refuse_create,
  .open = mf_file_open,
  .read = mf_file_read,
  .write = refuse_write,
  .release = mf_file_release,
  .opendir = mf_dir_opendir,
  .readdir = mf_dir_readdir,
  .readdirplus = mf_dir_readdirplus,
  .releasedir = mf_dir_releasedir,
  .statfs = mf_attr_statfs,
  .setxattr = refuse_setxattr,
  .getxattr = mf_xattr_get,
  .listxattr = mf_xattr_list,
  .removexattr = refuse_name,
};
