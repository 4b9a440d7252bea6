/* utf7.h - mailbox names between UTF-8 and the wire's modified UTF-7.
 *
 * Shape:   pure functions over NUL-terminated strings.
 * Threads: any.
 * Errors:  NULL when the input has no counterpart on the other side.
 * Source:  RFC 3501 section 5.1.3; RFC 2152 for the base.
 */
#pragma once

#include <glib.h>

/* NULL when @utf8 is not valid UTF-8. */
char *mf_utf7_encode (const char *utf8);

/* NULL unless @wire is exactly what mf_utf7_encode() would make of the result:
 * so a decoded name always encodes back to the name the server knows. */
char *mf_utf7_decode (const char *wire);
