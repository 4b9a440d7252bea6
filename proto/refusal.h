/* refusal.h - the server's NO, BAD or BYE as a GError.
 *
 * Shape:   pure.
 * Threads: any.
 * Errors:  that is what it makes: MF_REMOTE_ERROR by response code, with the
 *          server's own words, on one line of valid UTF-8, cut to a length.
 * Source:  RFC 5530, RFC 9051 section 7.1; the words of Gmail, Exchange Online and
 *          Dovecot where they send no code.
 */
#pragma once

#include "proto/reply.h"

/* @reply is STATUS or TAGGED, not OK. */
GError *mf_refusal_new (const MfReply *reply);

/* The same while logging in: what has no better meaning is AUTH, and a limit is
 * one on connections. */
GError *mf_refusal_new_at_login (const MfReply *reply);
