/* setxattr.h - the extended attributes that can be set.
 *
 * Shape:   user.imap.flags of a message (flagwords.h; removed: no flag at all) and
 *          user.imap.subscribed of a folder, 1 or 0.  The others are only told.
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

void mf_setxattr (fuse_req_t req, fuse_ino_t node, const char *name, const char *value,
                  size_t size, int flags);
void mf_setxattr_remove (fuse_req_t req, fuse_ino_t node, const char *name);
