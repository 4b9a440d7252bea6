/* recover.h - what became of changes whose answer was lost.
 *
 * Shape:   entries in state SENT or DONE.  What may be said twice is queued again;
 *          for the rest the server is asked: is the original still there, is the
 *          copy - among UIDs that are not in the index, from the UIDNEXT noted
 *          before - by date, size and content.  A mailbox that was made anew is
 *          listed first, so that entries find their messages (rematch.h).
 *          The server may still be at a command of a session that has died, so a new
 *          session asks, and says it again, only when it is mf_recover_grace_ms old.
 * Threads: the push worker.  No other pulls those folders meanwhile
 *          (mf_engine_begin_pull()).
 * Errors:  MF_REMOTE_ERROR when the link failed: nothing is concluded.  A mailbox that
 *          the server does not let us see holds up nothing: what it had said yes to is
 *          done, what it had not answered is not said again, but counts as refused.
 */
#pragma once

#include "cache/drafts.h"
#include "cache/engine.h"

extern guint mf_recover_grace_ms;

/* *@out_hidden (nullable): why a mailbox that was made anew cannot be listed.  The
 * changes of its messages go on waiting. */
gboolean mf_recover_run (MfEngine *engine, MfLink *link, GError **out_hidden, GError **error);
