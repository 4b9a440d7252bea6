/* header.h - fields of a message's header, as a person reads them.
 *
 * Shape:   bytes of a header in; one line of UTF-8 without control characters
 *          out, whatever the bytes were.
 * Units:   only the first MF_HEADER_MAX bytes of a message are a header; a value
 *          has at most MF_HEADER_VALUE_MAX bytes.
 * Threads: any; pure.
 * Source:  RFC 5322 section 2.2, RFC 2047, RFC 2231 section 5; I8.
 */
#pragma once

#include <glib.h>

#define MF_HEADER_MAX (64 * 1024)
#define MF_HEADER_VALUE_MAX (16 * 1024)

/* The first field called @name (transfer full), decoded; NULL when @bytes, of
 * which only the part up to an empty line counts, have none. */
char *mf_header_field (const char *bytes, gsize size, const char *name);

/* One field's body (transfer full), unfolded and with encoded words decoded. */
char *mf_header_decode (const char *text, gsize size);
