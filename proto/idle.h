/* idle.h - waiting for changes in the open mailbox.
 *
 * Shape:   IDLE until something is announced, then DONE, so that the session is
 *          free again when the call returns.  An announcement that came during any
 *          operation since the last call counts too: it returns at once.  IDLE is
 *          renewed before servers, and routers, take the session for dead.
 * Threads: as session.h.
 * Errors:  as session.h; UNSUPPORTED.
 * Source:  RFC 2177.
 */
#pragma once

#include "proto/session.h"

/* How long one IDLE lasts; tests cannot wait so long. */
extern guint mf_idle_renew_ms;

gboolean mf_idle_run (MfRemote *self, guint wait_ms, GCancellable *wake, MfHeard *out_heard,
                      GCancellable *cancellable, GError **error);
