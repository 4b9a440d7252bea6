/* daemon.h - going to the background once all is well.
 *
 * Shape:   the process forks before it does anything.  The parent waits for the
 *          child's word and ends with its verdict; the child keeps the terminal
 *          until then, for questions and errors.
 * Threads: the first, before any other.
 */
#pragma once

#include <glib.h>

typedef struct
{
  gboolean is_parent;
  int status;     /* parent: what to exit with */
  int verdict_fd; /* child */
} MfDaemon;

/* Returns twice.  FALSE: could not fork, errno says why. */
gboolean mf_daemon_fork (MfDaemon *out_daemon);
/* The child: all is well.  Lets go of terminal, directory and stdio. */
void mf_daemon_detach (MfDaemon *self);
