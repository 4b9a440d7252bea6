/* announce.h - what a server says unasked of mailboxes that are not open.
 *
 * Shape:   asked for once in a session; from then on STATUS and LIST lines that no
 *          operation has asked for are noted, until idle passes them on.  Servers
 *          leave things out, so it is a reason to look, never the truth.
 * Threads: as session.h.
 * Errors:  as session.h; UNSUPPORTED.
 * Source:  RFC 5465.
 */
#pragma once

#include "proto/session.h"

gboolean mf_announce_run (MfRemote *self, GCancellable *cancellable, GError **error);

/* Any reply, from session.c. */
void mf_announce_note (MfRemote *self, const MfReply *reply);
/* A STATUS line, when it is no answer but an announcement. */
void mf_announce_note_status (MfRemote *self, MfScan args);
gboolean mf_announce_has_news (const MfRemote *self);
/* What was noted, once. */
void mf_announce_take (MfRemote *self, MfHeard *out_heard);
