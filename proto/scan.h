/* scan.h - a cursor over the bytes of one server response.
 *
 * Shape:   pure functions that take a token off the front.  On FALSE the cursor
 *          has not moved.
 * Units:   bytes; literals stand in the text as the server sent them.
 * Threads: any.
 * Source:  RFC 9051 section 9: atom, number64, string, nil.
 */
#pragma once

#include <glib.h>

typedef struct
{
  const char *at, *end;
} MfScan;

static inline MfScan
mf_scan (const char *text, gsize size)
{
  return (MfScan){ text, text + size };
}

/* One given byte. */
gboolean mf_scan_char (MfScan *self, char c);
/* Any number of spaces, also none. */
void mf_scan_spaces (MfScan *self);
/* Up to a space, parenthesis or the end; not empty.  @out is within the text. */
gboolean mf_scan_word (MfScan *self, MfScan *out);
gboolean mf_scan_number (MfScan *self, guint64 max, guint64 *out);
/* An atom, quoted string or literal appended to @out, NIL included as a word;
 * without NUL bytes. */
gboolean mf_scan_string (MfScan *self, GString *out);
/* A value of any kind: string, atom, or list with all it contains. */
gboolean mf_scan_skip (MfScan *self);
/* Whether the whole rest is @word, in any case. */
gboolean mf_scan_is (const MfScan *self, const char *word);
