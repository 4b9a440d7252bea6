/* remove.h - the UNLINK request.
 *
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

void mf_remove (fuse_req_t req, fuse_ino_t parent, const char *name);
