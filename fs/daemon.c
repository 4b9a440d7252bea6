#include "fs/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's word, or how it ended without one. */
static int
wait_for_verdict (int fd, pid_t child)
{
  char verdict;
  int status;
  ssize_t n;

  do
    n = read (fd, &verdict, 1);
  while (n < 0 && errno == EINTR);
  if (n == 1)
    return EXIT_SUCCESS;
  while (waitpid (child, &status, 0) < 0)
    if (errno != EINTR)
      return EXIT_FAILURE;
  return WIFEXITED (status) && WEXITSTATUS (status) != 0 ? WEXITSTATUS (status) : EXIT_FAILURE;
}

gboolean
mf_daemon_fork (MfDaemon *out_daemon)
{
  int fds[2];
  pid_t pid;

  if (pipe2 (fds, O_CLOEXEC) < 0)
    return FALSE;
  pid = fork ();
  if (pid < 0)
    {
      close (fds[0]);
      close (fds[1]);
      return FALSE;
    }
  if (pid == 0)
    {
      /* Nobody waits for a mount whose command was killed. */
      prctl (PR_SET_PDEATHSIG, SIGTERM);
      signal (SIGINT, SIG_DFL); /* ignored after the fork of another */
      close (fds[0]);
      *out_daemon = (MfDaemon){ .verdict_fd = fds[1] };
      return TRUE;
    }
  close (fds[1]);
  /* ^C reaches the child as well, which puts the terminal in order and ends. */
  signal (SIGINT, SIG_IGN);
  *out_daemon = (MfDaemon){ .is_parent = TRUE, .child = pid };
  out_daemon->status = wait_for_verdict (fds[0], pid);
  close (fds[0]);
  return TRUE;
}

void
mf_daemon_detach (void)
{
  int null_fd = open ("/dev/null", O_RDWR | O_CLOEXEC);

  prctl (PR_SET_PDEATHSIG, 0);
  setsid ();
  if (chdir ("/") < 0 || null_fd < 0)
    g_info ("/ or /dev/null is not to be had");
  for (int fd = STDIN_FILENO; null_fd >= 0 && fd <= STDERR_FILENO; fd++)
    dup2 (null_fd, fd);
  if (null_fd > STDERR_FILENO)
    close (null_fd);
}

void
mf_daemon_tell (MfDaemon *self)
{
  ssize_t ignored = write (self->verdict_fd, "", 1);

  (void)ignored;
  close (self->verdict_fd);
}
