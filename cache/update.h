/* update.h - what the server tells of a message that is in the index.
 *
 * Threads: any; inside the caller's transaction, news is told after it.
 * Errors:  MF_CACHE_ERROR.
 */
#pragma once

#include "cache/settle.h"

/* Our own changes that are still to be told come on top of flags and keywords.  @known
 * is brought up to date with its row.  *@out_seen: readers see the change. */
gboolean mf_update_message (MfSettle *self, MfMessage *known, const MfRemoteMessage *remote,
                            gboolean *out_seen, GError **error);
