/* daemon.h - going to the background once all is well.
 *
 * Shape:   the process forks before it does anything.  The parent waits for the
 *          child's word and ends with its verdict; the child keeps the terminal
 *          until then, for questions and errors.
 * Threads: the first, before any other.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct
{
  gboolean is_parent;
  pid_t child;    /* parent */
  int status;     /* parent: what to exit with */
  int verdict_fd; /* child */
} MfDaemon;

/* Returns twice.  FALSE: could not fork, errno says why. */
gboolean mf_daemon_fork (MfDaemon *out_daemon);
/* The child: lets go of terminal, directory and stdio, and outlives the parent. */
void mf_daemon_detach (void);
/* The child: all is well. */
void mf_daemon_tell (MfDaemon *self);
