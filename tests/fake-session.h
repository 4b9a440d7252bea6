/* fake-session.h - one session with the server in memory.
 *
 * Shape:   every operation is enter, work under the server's lock, leave.
 */
#pragma once

#include "tests/fake-server.h"

struct _MfRemote
{
  MfFake *fake;
  MfCaps caps;
  guint epoch;
  gboolean dead;
  GCancellable *cancellable; /* (nullable) of the operation that was entered last */
  char *mailbox; /* (nullable) selected */
  guint32 uidvalidity;
  gboolean read_only;
  guint seen; /* changes of the mailbox that it was told of */
  GHashTable *told; /* (nullable) after announce: changes of each mailbox, likewise */
};

MfRemote *mf_fake_session_open (const MfAccount *account, GCancellable *cancellable,
                                GError **error);
void mf_fake_session_close (MfRemote *self);

/* Counts; waits while @op is held back; fails as it was told to.  TRUE: the
 * server's lock is held.  @mailbox (nullable): the selected one. */
gboolean mf_fake_session_enter (MfRemote *self, MfFakeOp op, const char *mailbox,
                                GCancellable *cancellable, GError **error);
/* The same for a look into the selected mailbox.  NULL: refused. */
MfFakeMailbox *mf_fake_session_enter_selected (MfRemote *self, MfFakeOp op,
                                               GCancellable *cancellable, GError **error);
/* With the lock, before one of the messages that an operation is about.  FALSE: the
 * session is dead, and nothing more is done. */
gboolean mf_fake_session_step (MfRemote *self);
/* Gives up the lock; waits while the answer is held back.  FALSE: the session died before
 * the answer. */
gboolean mf_fake_session_leave (MfRemote *self, MfFakeOp op, GError **error);
/* Gives up the lock; returns FALSE. */
gboolean mf_fake_session_refuse (MfRemote *self, GError **error, MfRemoteError code,
                                 const char *why);

/* The same where mf_fake_session_selected() is NULL; what is no longer there ends
 * the session. */
gboolean mf_fake_session_lost (MfRemote *self, GError **error);

/* With the lock.  NULL: nothing is selected, or it is no longer there. */
MfFakeMailbox *mf_fake_session_selected (MfRemote *self);
/* With the lock.  FALSE, with @error: it is dead. */
gboolean mf_fake_session_check (MfRemote *self, GCancellable *cancellable, GError **error);
/* Waiting on the server's cond ends when @cancellable (nullable) is cancelled.  To
 * be called without the lock, as is g_cancellable_disconnect(). */
gulong mf_fake_session_listen (MfRemote *self, GCancellable *cancellable);
