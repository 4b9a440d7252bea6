/* push.h - sending the journal to the server.
 *
 * Shape:   a run takes the first entries that can go together - the same kind, from
 *          the same folder, to the same folder - and sends them as one command, or
 *          as few; their answer is stored before the next run.
 * Crash:   entries are marked SENT, with what is needed to find out what became of
 *          them, before the command leaves; whatever comes between is looked for
 *          with recover.h.
 * Threads: the push worker.
 * Errors:  MF_REMOTE_ERROR when the link failed; refusals are settled.
 * Source:  I4, I5; RFC 6851, RFC 4315, RFC 3502.
 */
#pragma once

#include "cache/drafts.h"
#include "cache/engine.h"
#include "cache/entry.h"

/* TRUE: something was sent (@out_sent) or there is nothing to send. */
gboolean mf_push_run (MfEngine *engine, MfLink *link, gboolean *out_sent, GError **error);
