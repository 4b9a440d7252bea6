/* dir.h - listing directories.
 *
 * Shape:   no snapshot: an offset is the id of the last entry given and a small
 *          constant, so that a listing goes on behind it whatever came or went,
 *          and takes no memory; but private names are those of when it began.
 *          cur/ and new/ of a folder that was never listed wait in OPENDIR,
 *          interruptibly; READDIR never waits.
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

void mf_dir_opendir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_dir_readdir (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                     struct fuse_file_info *fi);
void mf_dir_readdirplus (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                         struct fuse_file_info *fi);
void mf_dir_releasedir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
