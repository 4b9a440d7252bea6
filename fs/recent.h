/* recent.h - messages that were delivered here a moment ago.
 *
 * Shape:   programs set a file's time just after they have linked it into place; by
 *          then the server may have it, and it is too late.  That is no reason to
 *          tell them that the delivery has failed.  In memory only.
 * Threads: fuse.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfRecent MfRecent;

MfRecent *mf_recent_new (void);
void mf_recent_free (MfRecent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfRecent, mf_recent_free)

void mf_recent_add (MfRecent *self, MfMsgId id);
gboolean mf_recent_has (const MfRecent *self, MfMsgId id);
