/* report.h - the state of the mount, for people and for scripts.
 *
 * Threads: any; pure.
 */
#pragma once

#include "cache/cache.h"

/* One line of UTF-8 without control characters, C1 included, whatever the server wrote
 * into it (I8).  (transfer full) */
char *mf_report_line (const char *text);
/* "Key: value" lines. */
void mf_report_print (const char *account, const MfStatus *status, GString *out);
/* One JSON object (RFC 8259) and a line end. */
void mf_report_print_json (const char *account, guint pid, const MfStatus *status, GString *out);
