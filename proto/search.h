/* search.h - sets of UIDs by SEARCH.
 *
 * Shape:   ESEARCH where offered, which answers in ranges; else SEARCH.  An answer
 *          that is malformed or missing is an error and never an empty set: an
 *          empty set may be taken to mean that everything is gone.
 * Threads: as session.h.
 * Errors:  as session.h.  Outputs are added to only on success.
 * Source:  RFC 9051 sections 6.4.4 and 7.3.4, RFC 4731 (ESEARCH).
 */
#pragma once

#include "proto/session.h"

gboolean mf_search_all (MfRemote *self, MfUidSet *out_uids, GCancellable *cancellable,
                        GError **error);
gboolean mf_search_run (MfRemote *self, const char *criteria, MfUidSet *out_uids,
                        GCancellable *cancellable, GError **error);
