#include "fs/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SPIN_US 70

struct _MfLoop
{
  struct fuse_session *session;
  int quit_fd; /* an eventfd, readable when the loop is to end */
  gint64 spin_us;
};

MfLoop *
mf_loop_new (struct fuse_session *session)
{
  MfLoop *self = g_new0 (MfLoop, 1);
  int fd = fuse_session_fd (session);

  self->session = session;
  self->quit_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  /* With one processor, looking keeps the reader from running. */
  self->spin_us = g_get_num_processors () > 1 ? SPIN_US : 0;
  /* A request can be withdrawn between poll and read. */
  fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) | O_NONBLOCK);
  return self;
}

void
mf_loop_free (MfLoop *self)
{
  close (self->quit_fd);
  g_free (self);
}

void
mf_loop_quit (MfLoop *self)
{
  eventfd_write (self->quit_fd, 1);
}

static gboolean
spin (const MfLoop *self)
{
  struct pollfd request = { .fd = fuse_session_fd (self->session), .events = POLLIN };
  gint64 end_us = g_get_monotonic_time () + self->spin_us;

  /* A worker that wants the processor gets it. */
  for (; g_get_monotonic_time () < end_us; sched_yield ())
    if (poll (&request, 1, 0) > 0)
      return TRUE;
  return FALSE;
}

/* FALSE: the loop is to end. */
static gboolean
wait_for_request (const MfLoop *self)
{
  struct pollfd fds[] = {
    { .fd = fuse_session_fd (self->session), .events = POLLIN },
    { .fd = self->quit_fd, .events = POLLIN },
  };

  if (spin (self))
    return TRUE;
  while (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
    if (errno != EINTR)
      return FALSE;
  return fds[1].revents == 0;
}

static gboolean
is_quitting (const MfLoop *self)
{
  struct pollfd quit = { .fd = self->quit_fd, .events = POLLIN };

  return poll (&quit, 1, 0) > 0;
}

void
mf_loop_run (MfLoop *self)
{
  struct fuse_buf buffer = { .mem = NULL };
  guint n_since_look = 0;

  while (!fuse_session_exited (self->session) && wait_for_request (self))
    {
      int n = fuse_session_receive_buf (self->session, &buffer);

      if (n == -EINTR || n == -EAGAIN)
        continue;
      if (n <= 0)
        break;
      fuse_session_process_buf (self->session, &buffer);
      /* Requests that never let up must not outlive a signal. */
      if (++n_since_look % 64 == 0 && is_quitting (self))
        break;
    }
  free (buffer.mem);
}
