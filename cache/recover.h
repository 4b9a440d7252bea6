/* recover.h - what became of changes whose answer was lost.
 *
 * Shape:   entries in state SENT or DONE.  What may be said twice is queued again;
 *          for the rest the server is asked: is the original still there, is the
 *          copy - among UIDs from the UIDNEXT noted before that are no other message
 *          of ours - by date, size and content.
 * Threads: the push worker.
 * Errors:  MF_REMOTE_ERROR when the link failed: nothing is concluded.
 */
#pragma once

#include "cache/drafts.h"
#include "cache/engine.h"

gboolean mf_recover_run (MfEngine *engine, MfLink *link, GError **error);
