/* notify.h - telling the kernel what changed behind its back.
 *
 * Shape:   a queue and the one thread that empties it (I9): news of the cache are
 *          turned into names and inodes when they come, since the old name cannot
 *          be told later.  What has come together is told together (burst.h).
 * Threads: event: any.  start: once.  stop: any but the dispatcher while requests
 *          still come, since the kernel may be waiting for an answer.
 */
#pragma once

#include "cache/cache.h"
#include "fs/echo.h"
#include "fs/idset.h"
#include "fs/lowlevel.h"

typedef struct _MfNotify MfNotify;

MfNotify *mf_notify_new (void);
void mf_notify_free (MfNotify *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfNotify, mf_notify_free)

/* Who is asked and told; all of them live until the stop. */
typedef struct
{
  MfCache *cache;
  MfIdSet *hints;
  MfEcho *echo;
  struct fuse_session *session;
} MfNotifyTargets;

/* News before this are dropped: the kernel knows nothing yet. */
void mf_notify_start (MfNotify *self, const MfNotifyTargets *targets);
/* No notification is under way afterwards, and none will be. */
void mf_notify_stop (MfNotify *self);

void mf_notify_event (MfNotify *self, const MfEvent *event);

/* What a request has changed beyond what the kernel knows of it by itself.
 * Threads: any. */

/* @name in @parent is not, or no longer, what the kernel may take it for. */
void mf_notify_name (MfNotify *self, guint64 parent, const char *name);
/* The bytes of a file were changed by another inode number. */
void mf_notify_content (MfNotify *self, guint64 node);
/* A directory has other entries, before the answer: whoever lists it next sees them. */
void mf_notify_listing_now (MfNotify *self, guint64 node);
