/* handshake.h - what the kernel is told at INIT beyond libfuse's own words.
 *
 * Shape:   libfuse 3.14 leaves two flags out of its answer, so they are added to
 *          it on its way to the kernel.  Later versions set the first themselves.
 * Threads: the one that mounts.
 * Source:  linux/fuse.h, fuse_init_out.
 */
#pragma once

#include <glib.h>

#include "fs/lowlevel.h"

/* Between fuse_session_mount() and the first request. */
gboolean mf_handshake_install (struct fuse_session *session);
