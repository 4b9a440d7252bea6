/* status.h - STATUS: what a mailbox says of itself without being opened.
 *
 * Shape:   the items to ask for, the answer's parser, and the operation.
 * Threads: as session.h.
 * Errors:  as session.h; NOT_FOUND.
 * Source:  RFC 9051 sections 6.3.11 and 7.3.4, RFC 7162 (HIGHESTMODSEQ).
 */
#pragma once

#include "proto/session.h"

/* "(MESSAGES ...)". */
const char *mf_status_items (const MfRemote *self);
/* The arguments of "* STATUS"; @name gets the mailbox. */
gboolean mf_status_parse (MfScan args, GString *name, MfMailboxStatus *out);
/* Whether two spellings name the same mailbox: INBOX has no case. */
gboolean mf_status_same_mailbox (const char *a, const char *b);

gboolean mf_status_run (MfRemote *self, const char *mailbox, MfMailboxStatus *out_status,
                        GCancellable *cancellable, GError **error);
