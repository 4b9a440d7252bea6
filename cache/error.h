/* error.h - this floor's errors, of its own and from others'.
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

/* Set *@error to @why, or to what errno says of @what, FULL or CORRUPT.  FALSE. */
gboolean mf_error_refuse (GError **error, MfCacheError code, const char *why);
gboolean mf_error_from_errno (GError **error, const char *what, ...) G_GNUC_PRINTF (2, 3);
