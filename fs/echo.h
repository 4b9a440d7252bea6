/* echo.h - what another client did, done once more through the kernel.
 *
 * Shape:   inotify(7) hears of system calls, not of what the kernel is told.  So the
 *          notifier makes the calls that a writer of a Maildir makes: what is new is
 *          renamed out of tmp/, flags are a rename, a removal is an unlink, and much
 *          at once is a touch of the directory.  The dispatcher knows the requests
 *          that come of it by their thread, and answers them without changing
 *          anything, but only as long as they say what the index says.
 *          From begin to end they go through a mount of its own, so that the mountpoint
 *          is not busy.  Whoever may not mount keeps it busy meanwhile, a tenth of the
 *          time at most; what is left is a touch then.
 *          What else is mounted there, or in the tree, is not reached into.
 * Threads: begin to end: the notifier, no lock held, since it waits for answers of
 *          the dispatcher.  lookup, rename, unlink: fuse; they wait for nothing.
 * Source:  inotify(7); open_tree(2); openat2(2); https://cr.yp.to/proto/maildir.html.
 */
#pragma once

#include "cache/cache.h"
#include "fs/inode.h"
#include "fs/lowlevel.h"

typedef struct _MfEcho MfEcho;

/* @mountpoint has just been mounted by @session.  @read_only: every echo fails. */
MfEcho *mf_echo_new (MfCache *cache, struct fuse_session *session, const char *mountpoint,
                     gboolean read_only);
void mf_echo_free (MfEcho *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfEcho, mf_echo_free)

/* FALSE: what is at the mountpoint now is not ours. */
gboolean mf_echo_begin (MfEcho *self);
void mf_echo_end (MfEcho *self);
/* FALSE: the mountpoint would be busy for too long. */
gboolean mf_echo_may_move (MfEcho *self);

/* Message @id had the name @from and has the name @to; one of both may have no
 * name: it has come, or gone.  FALSE: nobody was told, and the kernel may know
 * either name. */
gboolean mf_echo_move (MfEcho *self, MfMsgId id, MfEntryName from, MfEntryName to);
/* The place @node has changed. */
void mf_echo_touch (MfEcho *self, guint64 node);

/* FALSE: no request of an echo, to be answered as any other. */
gboolean mf_echo_lookup (fuse_req_t req, fuse_ino_t parent, const char *name);
gboolean mf_echo_rename (fuse_req_t req, MfEntryName from, MfEntryName to);
gboolean mf_echo_unlink (fuse_req_t req, MfEntryName name);
