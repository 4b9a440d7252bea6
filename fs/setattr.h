/* setattr.h - the SETATTR request: sizes, times, permissions.
 *
 * Shape:   of a file that is not on the server yet the time becomes its INTERNALDATE,
 *          and permissions mean nothing; of a stored message nothing can be set but
 *          what it is already.  A size makes a draft, which waits, interruptibly,
 *          for the body.  Of directories everything is taken and forgotten.
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

void mf_setattr (fuse_req_t req, fuse_ino_t node, struct stat *stat, int to_set,
                 struct fuse_file_info *fi);
