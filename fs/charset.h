/* charset.h - text in a named charset, made into UTF-8.
 *
 * Shape:   only charsets that mail is written in are handed to iconv, so that no
 *          message picks the code that runs here.
 * Threads: any; pure.
 * Source:  IANA character set names; I8.
 */
#pragma once

#include <glib.h>

/* Valid UTF-8 (transfer full), whatever the bytes are.  @charset (nullable):
 * not told, so UTF-8 if it is that, else Windows-1252. */
char *mf_charset_to_utf8 (const char *bytes, gsize size, const char *charset);
