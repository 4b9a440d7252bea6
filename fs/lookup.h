/* lookup.h - the LOOKUP request: a name in a directory.
 *
 * Shape:   answered from the cache at once, but for a message's name in a folder
 *          that was never listed: that one waits, interruptibly, for the listing.
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

void mf_lookup (fuse_req_t req, fuse_ino_t parent, const char *name);
