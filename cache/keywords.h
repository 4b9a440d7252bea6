/* keywords.h - sets of keywords or labels, as the index keeps them.
 *
 * Shape:   sorted, separated by one space, NULL for none; case is kept but does not
 *          make a difference (RFC 9051 section 2.3.2).  A label of several words
 *          stands in double quotes.
 * Threads: any.  Pure.
 */
#pragma once

#include <glib.h>

/* (transfer full) (nullable).  All arguments (nullable). */
char *mf_keywords_add (const char *set, const char *more);
char *mf_keywords_remove (const char *set, const char *less);
gboolean mf_keywords_equal (const char *a, const char *b);
