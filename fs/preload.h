/* preload.h - the text of a message goes along with the answer to its first open.
 *
 * What:    fuse_lowlevel_notify_store() of a body that is here, so that reading it asks
 *          nothing.  Only of bodies up to 64 KiB, of which the kernel knows the exact
 *          size, and only at the first open in the life of a mount: later the kernel
 *          may be waiting for a READ, with the page locked that a store waits for, and
 *          the dispatcher would be the one to answer it.
 * Threads: the dispatcher alone, so that nothing comes between body and answer: what
 *          another open has written meanwhile must not be stored over.
 * Errors:  none; what is not there is asked for.
 */
#pragma once

#include "fs/handle.h"

/* @handle is to be given to the kernel as open by @node, its pages kept. */
void mf_preload_body (fuse_ino_t node, const MfHandle *handle);
