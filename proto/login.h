/* login.h - from an account to a session that is logged in and set up.
 *
 * Shape:   connect, greeting, STARTTLS, log in, capabilities, ENABLE.
 * Threads: any.  Asks account->secret in the calling thread, with the server
 *          waiting; asks it again once when the secret was refused, and then makes
 *          a new connection.
 * Errors:  MF_REMOTE_ERROR_OFFLINE, BUSY, TLS, AUTH, PROTOCOL; those of the
 *          secret function as AUTH.
 * Source:  RFC 9051 sections 6.2.1, 7.1; RFC 5161 (ENABLE); RFC 2971 (ID).
 */
#pragma once

#include "proto/session.h"

MfRemote *mf_login_open (const MfAccount *account, GCancellable *cancellable, GError **error);
