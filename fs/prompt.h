/* prompt.h - asking a person for a password.
 *
 * Shape:   on /dev/tty, without echo; never on a stdin that may be a file.
 * Threads: any, one at a time; waits for the person, or for @cancellable.
 * Errors:  MF_REMOTE_ERROR_AUTH when there is no terminal or no answer,
 *          G_IO_ERROR_CANCELLED.
 */
#pragma once

#include "cache/cache.h"

gboolean mf_prompt_is_possible (void);
/* (transfer full), free with mf_secret_free(). */
char *mf_prompt_ask (const char *question, GCancellable *cancellable, GError **error);
