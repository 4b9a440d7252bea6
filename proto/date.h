/* date.h - IMAP's date-time.
 *
 * Shape:   pure functions.
 * Units:   seconds since the epoch.
 * Threads: any.
 * Source:  RFC 9051 section 9, `date-time`.
 */
#pragma once

#include <glib.h>

/* "17-Jul-1996 02:44:25 -0700", without quotes.  FALSE when it is not one. */
gboolean mf_date_parse (const char *text, gsize size, gint64 *out);

/* Appends the same in UTC, with quotes. */
void mf_date_append (GString *out, gint64 seconds);
