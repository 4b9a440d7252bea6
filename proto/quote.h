/* quote.h - arguments of commands, as the grammar wants them.
 *
 * Shape:   functions that append to a command line.  Nothing that they append
 *          can end the line or begin another command.
 * Threads: any.  Pure.
 * Errors:  MF_REMOTE_ERROR_INVALID: CR, LF, NUL, or what a keyword may not have.
 * Source:  RFC 9051 section 9: quoted, flag-list.
 */
#pragma once

#include "proto/remote.h"

gboolean mf_quote_append (GString *line, const char *text,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "(\Seen $Forwarded Junk)".  Servers tell of keywords that no command can carry:
 * those are left out. */
void mf_quote_append_flags (GString *line, MfFlags flags, const char *keywords);
/* FALSE: one of them would be left out. */
gboolean mf_quote_check_keywords (const char *keywords, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The flag of that name on the wire, in any case; 0 for every other name. */
MfFlags mf_quote_flag (const char *name, gsize size);
