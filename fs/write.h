/* write.h - making files and writing them: CREATE, MKNOD, WRITE, FLUSH, FSYNC.
 *
 * Shape:   what is made in tmp/ is nobody's message until it is renamed; what is
 *          made in cur/, new/ or a folder's own directory is one when it is closed.
 *          FLUSH says whether it can be, and queues it; it is sent when no writer
 *          has it open any more.  What is closed and is no message goes away.
 * Threads: fuse.
 */
#pragma once

#include "fs/handle.h"

void mf_write_create (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                      struct fuse_file_info *fi);
void mf_write_mknod (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                     dev_t device);
void mf_write (fuse_req_t req, fuse_ino_t node, const char *bytes, size_t size, off_t offset,
               struct fuse_file_info *fi);
void mf_write_flush (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_write_fsync (fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *fi);
void mf_write_fsyncdir (fuse_req_t req, fuse_ino_t node, int data_only,
                        struct fuse_file_info *fi);

/* Closes a writer's handle for good, which it takes. */
void mf_write_close (MfMount *mount, fuse_ino_t node, MfHandle *handle);
