/* privatefile.h - requests for the content of private files, and their xattrs.
 *
 * Shape:   a handle is the descriptor of the backing file.  The kernel's page cache
 *          is kept between opens and serves mmap(2); locks are the kernel's own.
 *          Of xattrs there are those in "user.".
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

void mf_privatefile_create (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                            struct fuse_file_info *fi);
void mf_privatefile_open (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_privatefile_read (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                          struct fuse_file_info *fi);
void mf_privatefile_write (fuse_req_t req, fuse_ino_t node, const char *bytes, size_t size,
                           off_t offset, struct fuse_file_info *fi);
void mf_privatefile_flush (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_privatefile_fsync (fuse_req_t req, fuse_ino_t node, int data_only,
                           struct fuse_file_info *fi);
void mf_privatefile_release (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_privatefile_fallocate (fuse_req_t req, fuse_ino_t node, int mode, off_t offset,
                               off_t length, struct fuse_file_info *fi);
void mf_privatefile_copy (fuse_req_t req, fuse_ino_t node, off_t offset, struct fuse_file_info *fi,
                          fuse_ino_t to, off_t to_offset, struct fuse_file_info *to_fi, size_t size,
                          int flags);

void mf_privatefile_setxattr (fuse_req_t req, fuse_ino_t node, const char *name, const char *value,
                              size_t size, int flags);
void mf_privatefile_getxattr (fuse_req_t req, fuse_ino_t node, const char *name, size_t size);
void mf_privatefile_listxattr (fuse_req_t req, fuse_ino_t node, size_t size);
void mf_privatefile_removexattr (fuse_req_t req, fuse_ino_t node, const char *name);
