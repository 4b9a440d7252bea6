/* command.h - a program that prints a secret.
 *
 * Shape:   no shell; stdin and stderr are the caller's, so it can ask a person
 *          while there is a terminal.  Only the first line of its output counts.
 * Threads: any; waits for the program, for a minute at most.
 * Errors:  MF_REMOTE_ERROR_AUTH, G_IO_ERROR_CANCELLED; no word of the output.
 */
#pragma once

#include "cache/cache.h"

/* (transfer full), free with mf_secret_free(). */
char *mf_command_run (const char *command, GCancellable *cancellable, GError **error);
