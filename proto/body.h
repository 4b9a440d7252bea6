/* body.h - whole messages, streamed and pipelined.
 *
 * Shape:   batches of UIDs, MF_SESSION_WINDOW commands in flight.  Bytes go to the
 *          sink as they come from the network.
 * Threads: as session.h.
 * Source:  RFC 9051 section 6.4.5, BODY.PEEK[].
 */
#pragma once

#include "proto/session.h"

gboolean mf_body_run (MfRemote *self, const MfBodySink *sink, gpointer user_data,
                      GCancellable *cancellable, GError **error);
