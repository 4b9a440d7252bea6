/* dial.h - from an account to an open, verified connection.
 *
 * Shape:   blocking functions; between them and the caller's cancellable stands
 *          a deadline of account->timeout_ms for each.
 * Threads: any.  Uses GIO's worker threads: not before a fork that the process
 *          means to go on after.
 * Errors:  MF_REMOTE_ERROR_OFFLINE, MF_REMOTE_ERROR_TLS.
 * Source:  RFC 8305 (address race), RFC 9325 (TLS 1.2 at least), RFC 9525 (names).
 */
#pragma once

#include "proto/remote.h"

/* TCP.  Clear text that leaves this machine is refused here. */
GSocketConnection *mf_dial_connect (const MfAccount *account, GCancellable *cancellable,
                                    GError **error);

/* TLS over @base, certificate chain and host name verified. */
GIOStream *mf_dial_tls (const MfAccount *account, GIOStream *base, GCancellable *cancellable,
                        GError **error);

/* @cause in words, as an error of this floor. */
void mf_dial_set_error (const MfAccount *account, const GError *cause, GError **error);
/* The server was silent for account->timeout_ms. */
void mf_dial_set_timeout (const MfAccount *account, GError **error);
