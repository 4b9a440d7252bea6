/* follow.h - bodies that did not come since their message is elsewhere by now, or gone.
 *
 * Shape:   a change of ours has moved it, and its answer is not stored yet, or was
 *          stored while the body was asked for; or the mailbox was made anew: it is
 *          asked for again in the new place, as soon as that is known.  Or another
 *          client has: its folder is pulled before who waits is told that the server
 *          did not send it.
 * Threads: the workers of the queues, without the engine's lock.
 */
#pragma once

#include "cache/engine.h"

/* @message as it is stored now did not come from @asked_in.  TRUE: whoever waits for
 * it goes on waiting. */
gboolean mf_follow_body (MfEngine *engine, const MfMessage *message, MfFolderId asked_in);
/* Neither did it by @error, and no change of ours is the reason.  TRUE: likewise. */
gboolean mf_follow_doubt (MfEngine *engine, const MfMessage *message, const GError *error);
/* @message was to be asked for in @asked_in, but is not there, or not under the same
 * number, by now. */
void mf_follow_elsewhere (MfEngine *engine, const MfMessage *message, MfFolderId asked_in);
/* @message, whose body somebody waits for, has lost its number: the folder is pulled. */
void mf_follow_number (MfEngine *engine, const MfMessage *message);
