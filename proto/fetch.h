/* fetch.h - metadata of messages, streamed.
 *
 * Shape:   one UID FETCH; each line goes to the sink as it comes, so memory does not
 *          grow with the mailbox.
 * Threads: as session.h.
 * Errors:  as session.h; UNSUPPORTED for changes where there is no MODSEQ.
 * Source:  RFC 9051 section 6.4.5, RFC 7162 sections 3.1.4 and 3.2.6.
 */
#pragma once

#include "proto/session.h"

gboolean mf_fetch_run (MfRemote *self, guint32 first, guint32 last, MfFetch items, guint64 since,
                       const MfChangeSink *sink, gpointer user_data, GCancellable *cancellable,
                       GError **error);
/* Behind SELECT, which has not been answered: mf_fetch_run() for everything in full is
 * in flight when it is called next. */
void mf_fetch_ahead (MfRemote *self);
