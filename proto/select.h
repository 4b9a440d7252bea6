/* select.h - opening a mailbox.
 *
 * Shape:   SELECT or EXAMINE; with QRESYNC the changes since a known state come in
 *          the same round trip.
 * Threads: as session.h.
 * Errors:  as session.h; NOT_FOUND.  After an error no mailbox is open.
 * Source:  RFC 9051 sections 6.3.2 and 6.3.3, RFC 7162 section 3.2.5.
 */
#pragma once

#include "proto/session.h"

gboolean mf_select_run (MfRemote *self, const char *mailbox, gboolean read_only,
                        const MfMailboxStatus *known, const MfChangeSink *sink, gpointer user_data,
                        MfMailboxStatus *out_status, gboolean *out_resynced,
                        GCancellable *cancellable, GError **error);
