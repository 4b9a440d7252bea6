/* rename.h - the RENAME request: flags, moves, deliveries, folders.
 *
 * Shape:   a message's name says place, base and flags; what the new name says
 *          otherwise than the old one is changed, at once here and later on the
 *          server.  Out of tmp/ it is a delivery.  A message that had the new name
 *          is replaced.
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

void mf_rename (fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                const char *new_name, unsigned int flags);
