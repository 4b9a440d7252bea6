/* auth.h - logging in.
 *
 * Shape:   one attempt, with one mechanism, on a session that has been greeted.
 * Threads: as session.h.
 * Errors:  MF_REMOTE_ERROR_AUTH: refused, or no mechanism that both sides know.
 *          BUSY, OFFLINE and the rest as session.h.
 * Source:  RFC 9051 6.2.2 and 6.2.3, RFC 4959 (SASL-IR), RFC 4616 (PLAIN),
 *          RFC 7628 (OAUTHBEARER), Google's XOAUTH2.
 */
#pragma once

#include "proto/session.h"

/* @secret may be NULL where mf_auth_needs_secret() says no. */
gboolean mf_auth_run (MfRemote *self, const char *secret, GError **error);
gboolean mf_auth_needs_secret (const MfAccount *account);
