/* errmap.h - the one table from errors to errno.
 *
 * Threads: any.
 */
#pragma once

#include <glib.h>

/* Never 0. */
int mf_errmap_errno (const GError *error);

/* The same, and a line in the log when it is more than an ordinary answer.
 * @what: what was being done, no subject or address in it. */
int mf_errmap_report (const GError *error, const char *what);
