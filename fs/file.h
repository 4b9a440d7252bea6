/* file.h - opening messages and control files, and reading them.
 *
 * Shape:   OPEN waits, interruptibly, until the body is here and its size exact;
 *          READ is answered from disk.  A message keeps the kernel's pages; a
 *          control file is read past them.
 * Threads: fuse; the answer to a waiting OPEN comes from a worker.
 */
#pragma once

#include "fs/mount.h"

void mf_file_open (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_file_read (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                   struct fuse_file_info *fi);
void mf_file_release (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
