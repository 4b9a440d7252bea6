/* private.h - requests for names and attributes of private files.
 *
 * Shape:   what happens to a private file happens to the file that backs it
 *          (backing.h), and only the kernel that asks here changes it: so the kernel
 *          may keep what it was told, also that there is no such name.  A parent is
 *          a folder or a private directory.  Files never run with another's rights:
 *          the bits for that are dropped, and device nodes refused.
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

/* A name in a folder's directory that is a private file's. */
gboolean mf_private_is_name (MfFolderId folder, const char *name);
/* The path of a descriptor, for calls that take none of O_PATH. */
#define MF_PRIVATE_PATH_MAX 31
void mf_private_path (int fd, char path[static MF_PRIVATE_PATH_MAX + 1]);
/* The directory to make something in, as mf_backing_dir_fd(); -EROFS, or -ENOENT when the
 * folder has gone. */
int mf_private_dir_fd (MfMount *mount, guint64 parent);
/* Adds the bits of @mode that our own umask took from what was just made. */
void mf_private_widen (int dir_fd, const char *name, mode_t mode);
/* Looks it up. */
int mf_private_fill_entry (MfMount *mount, guint64 parent, const char *name,
                           struct fuse_entry_param *out_entry);

void mf_private_lookup (fuse_req_t req, fuse_ino_t parent, const char *name);
void mf_private_forget (fuse_req_t req, fuse_ino_t node, uint64_t n_lookups);
void mf_private_getattr (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_private_setattr (fuse_req_t req, fuse_ino_t node, struct stat *stat, int to_set,
                         struct fuse_file_info *fi);
void mf_private_readlink (fuse_req_t req, fuse_ino_t node);
void mf_private_mknod (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                       dev_t device);
void mf_private_mkdir (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void mf_private_unlink (fuse_req_t req, fuse_ino_t parent, const char *name);
void mf_private_rmdir (fuse_req_t req, fuse_ino_t parent, const char *name);
void mf_private_symlink (fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void mf_private_rename (fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                        const char *new_name, unsigned int flags);
void mf_private_link (fuse_req_t req, fuse_ino_t node, fuse_ino_t new_parent, const char *new_name);
void mf_private_statfs (fuse_req_t req, fuse_ino_t node);
