/* loop.h - the dispatcher: takes requests from the kernel, one after another.
 *
 * Shape:   between requests it looks again for some microseconds before it goes
 *          to sleep: waking a sleeping thread on another processor costs more
 *          than most answers do.
 * Threads: run: the dispatcher's own.  quit: any, also before run.
 */
#pragma once

#include <glib.h>

#include "fs/lowlevel.h"

typedef struct _MfLoop MfLoop;

/* @session is mounted and outlives the loop. */
MfLoop *mf_loop_new (struct fuse_session *session);
void mf_loop_free (MfLoop *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfLoop, mf_loop_free)

/* Returns when the file system was unmounted or on mf_loop_quit(). */
void mf_loop_run (MfLoop *self);
void mf_loop_quit (MfLoop *self);
