/* route.h - requests for private files go one way, all others another.
 *
 * Shape:   libfuse's table; each entry hands on to that of ops.h or to the private
 *          files' own, by the node or by the name.  What would join the two kinds is
 *          answered as between two file systems: EXDEV.
 * Threads: fuse.
 */
#pragma once

#include "fs/lowlevel.h"

extern const struct fuse_lowlevel_ops mf_route_ops;
