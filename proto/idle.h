/* idle.h - waiting for changes in the open mailbox.
 *
 * Shape:   IDLE until something is announced, then DONE, so that the session is
 *          free again when the call returns.  An announcement that came during any
 *          operation since the last call counts too: it returns at once.
 * Threads: as session.h.
 * Errors:  as session.h; UNSUPPORTED.
 * Source:  RFC 2177.
 */
#pragma once

#include "proto/session.h"

gboolean mf_idle_run (MfRemote *self, guint wait_ms, GCancellable *wake, gboolean *out_changed,
                      GCancellable *cancellable, GError **error);
