/* secret.h - the account's password or token.
 *
 * Shape:   from password_command (or token_command), mailfs/secrets, netrc or a
 *          prompt, the first that has one.  It is kept in memory for the next
 *          connection until a server refuses it; then a command for tokens is run
 *          again, unless another session had it run already, and a person is asked
 *          for a password while there is a terminal.
 * Threads: any.
 * Errors:  MF_REMOTE_ERROR_AUTH, G_IO_ERROR_CANCELLED.
 */
#pragma once

#include "fs/config.h"

typedef struct _MfSecret MfSecret;

/* @config outlives it. */
MfSecret *mf_secret_new (const MfConfig *config, const char *config_dir);
/* Wipes what it knows. */
void mf_secret_close (MfSecret *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfSecret, mf_secret_close)

/* An MfSecretFunc; @self is an MfSecret. */
char *mf_secret_get (const char *refused, gpointer self, GCancellable *cancellable,
                     GError **error);
