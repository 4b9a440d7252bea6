/* follow.h - bodies that did not come since their message is elsewhere by now.
 *
 * Shape:   a change of ours has moved it, and its answer is not stored yet, or was
 *          stored while the body was asked for: it is asked for again in the new
 *          place, as soon as that is known.
 * Threads: the workers of the queues, without the engine's lock.
 */
#pragma once

#include "cache/engine.h"

/* @message as it is stored now did not come from @asked_in.  TRUE: whoever waits for
 * it goes on waiting. */
gboolean mf_follow_body (MfEngine *engine, const MfMessage *message, MfFolderId asked_in);
