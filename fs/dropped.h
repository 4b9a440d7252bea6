/* dropped.h - messages that were dropped on a folder's own directory.
 *
 * Shape:   they are in cur/ or new/; but the process that has dropped one looks at
 *          the name that it gave once more (mv does before the next file, install
 *          to set permissions), or gives it another one, as a file manager does when a
 *          copy is complete: it finds it as long as it lives.  In memory only.
 * Threads: fuse.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfDropped MfDropped;

MfDropped *mf_dropped_new (void);
void mf_dropped_free (MfDropped *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfDropped, mf_dropped_free)

/* @pid: of the thread that asks. */
void mf_dropped_add (MfDropped *self, MfFolderId folder, const char *name, MfMsgId id, pid_t pid);
/* The name is not the message's any more. */
void mf_dropped_remove (MfDropped *self, MfFolderId folder, const char *name);
/* 0: nothing of that name was dropped by that process. */
MfMsgId mf_dropped_find (MfDropped *self, MfFolderId folder, const char *name, pid_t pid);
