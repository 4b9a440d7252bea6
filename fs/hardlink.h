/* hardlink.h - the LINK request.
 *
 * Shape:   a file in tmp/ linked into cur/ or new/ is delivered, and its old name is
 *          a second name of the message until it is removed (linked.h).  A message
 *          linked to anywhere else is a copy, a message of its own.
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

void mf_hardlink (fuse_req_t req, fuse_ino_t node, fuse_ino_t new_parent, const char *new_name);
