/* error.h - from proto's errors to this floor's.
 *
 * Threads: any.  Pure.
 */
#pragma once

#include "cache/cache.h"

/* Makes an MF_REMOTE_ERROR in *@error the MF_CACHE_ERROR that tells a caller the
 * same, message kept.  Anything else is left alone. */
void mf_error_from_remote (GError **error);

/* TRUE when trying again later, without any change, may succeed. */
gboolean mf_error_is_passing (const GError *error);
