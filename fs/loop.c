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

/* Asks for a request until there is one, or for a while: what read(2) would return. */
static int
receive (const MfLoop *self, struct fuse_buf *buffer)
{
  gint64 end_us = 0;
  int n;

  while ((n = fuse_session_receive_buf (self->session, buffer)) == -EAGAIN)
    {
      gint64 now_us = g_get_monotonic_time ();

      if (end_us == 0)
        end_us = now_us + self->spin_us;
      if (now_us >= end_us)
        break;
      sched_yield (); /* a worker that wants the processor gets it */
    }
  return n;
}

/* FALSE: the loop is to end. */
static gboolean
sleep_until_request (const MfLoop *self)
{
  struct pollfd fds[] = {
    { .fd = fuse_session_fd (self->session), .events = POLLIN },
    { .fd = self->quit_fd, .events = POLLIN },
  };

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

  while (!fuse_session_exited (self->session))
    {
      int n = receive (self, &buffer);

      if (n > 0)
        fuse_session_process_buf (self->session, &buffer);
      if (n == -EAGAIN && !sleep_until_request (self))
        break;
      if (n <= 0 && n != -EAGAIN && n != -EINTR)
        break;
      /* Requests that never let up must not outlive a signal. */
      if (++n_since_look % 64 == 0 && is_quitting (self))
        break;
    }
  free (buffer.mem);
}
