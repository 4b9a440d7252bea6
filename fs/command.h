/* command.h - a program that prints a secret.
 *
 * Shape:   no shell; stdin is the caller's, so it can ask a person while there is
 *          a terminal, which also shows what it says on stderr.  Only the first
 *          line of its output counts; the last of its stderr goes into an error.
 * Threads: any; waits for the program, for so long at most.
 * Errors:  MF_REMOTE_ERROR_AUTH, G_IO_ERROR_CANCELLED; no word of its output.
 */
#pragma once

#include "cache/cache.h"

/* (transfer full), free with mf_secret_free().  @name: what errors call it. */
char *mf_command_run (const char *name, const char *command, guint limit_s,
                      GCancellable *cancellable, GError **error);
