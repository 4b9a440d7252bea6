/* usage.h - what a user has written and is not as it must be.
 *
 * Threads: any.
 */
#pragma once

#include <glib.h>

/* Sets G_OPTION_ERROR_FAILED with a message for the user; returns FALSE. */
gboolean mf_usage_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
