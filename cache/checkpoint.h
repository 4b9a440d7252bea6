/* checkpoint.h - the thread that takes what was committed from the log into the index.
 *
 * What:    SQLite would do that within a commit: two fdatasync(2) of a disk that may be
 *          slow, in the thread that answers the kernel.  What is left to that thread is
 *          one for the first page of a log that begins anew.
 * Threads: any.
 * Errors:  none: what did not work is tried again after a later commit.
 */
#pragma once

#include <glib.h>

typedef struct _MfCheckpoint MfCheckpoint;

/* For an index that is open in this process.  (nullable): it cannot be opened once more. */
MfCheckpoint *mf_checkpoint_start (const char *path, const char *vfs);
/* Waits for what is under way; the last one to close the index. */
void mf_checkpoint_stop (MfCheckpoint *self);
/* There is something to do. */
void mf_checkpoint_wake (MfCheckpoint *self);
