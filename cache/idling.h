/* idling.h - what another client does in one folder, seen at once by IDLE.
 *
 * Threads: the worker that holds the link.
 * Errors:  MF_REMOTE_ERROR as they come; MF_CACHE_ERROR.
 */
#pragma once

#include "cache/engine.h"

/* Selects @folder, brings it up to date if it was not selected, and waits there until
 * something is heard, @until_us (monotonic) is over or @wake is cancelled. */
gboolean mf_idling_wait (MfEngine *engine, MfLink *link, const MfFolder *folder, gint64 until_us,
                         GCancellable *wake, MfHeard *out_heard, GError **error);
/* Takes in what was heard of it. */
gboolean mf_idling_follow (MfEngine *engine, MfLink *link, MfFolderId id, GError **error);
