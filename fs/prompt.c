#include "fs/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ANSWER_MAX 1024

static int
open_terminal (void)
{
  return open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

gboolean
mf_prompt_is_possible (void)
{
  int fd = open_terminal ();

  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

static void
say (int fd, const char *text)
{
  ssize_t ignored = write (fd, text, strlen (text));

  (void)ignored;
}

/* FALSE: cancelled. */
static gboolean
wait_readable (int fd, GCancellable *cancellable)
{
  GPollFD fds[2] = { { .fd = fd, .events = G_IO_IN | G_IO_HUP } };
  gboolean cancellable_polled = g_cancellable_make_pollfd (cancellable, &fds[1]);
  int n;

  do
    n = g_poll (fds, cancellable_polled ? 2 : 1, -1);
  while (n < 0 && errno == EINTR);
  if (cancellable_polled)
    g_cancellable_release_fd (cancellable);
  return n > 0 && fds[0].revents != 0;
}

static gboolean
read_line (int fd, char *answer, gsize size, GCancellable *cancellable, GError **error)
{
  ssize_t n;

  if (!wait_readable (fd, cancellable))
    {
      g_cancellable_set_error_if_cancelled (cancellable, error);
      return FALSE;
    }
  n = read (fd, answer, size - 1);
  answer[MAX (n, 0)] = '\0';
  answer[strcspn (answer, "\r\n")] = '\0';
  if (answer[0] != '\0')
    return TRUE;
  g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH, "no password was given");
  return FALSE;
}

static gboolean
ask_quietly (int fd, const char *question, char *answer, gsize size, GCancellable *cancellable,
             GError **error)
{
  struct termios before, quiet;
  gboolean is_terminal = tcgetattr (fd, &before) == 0;
  gboolean ok;

  if (is_terminal)
    {
      quiet = before;
      quiet.c_lflag &= ~(tcflag_t)ECHO;
      tcsetattr (fd, TCSAFLUSH, &quiet);
      say (fd, "\r\033[K"); /* in the place of what progress.h shows */
    }
  say (fd, question);
  ok = read_line (fd, answer, size, cancellable, error);
  if (is_terminal)
    tcsetattr (fd, TCSAFLUSH, &before);
  say (fd, "\n");
  return ok;
}

char *
mf_prompt_ask (const char *question, GCancellable *cancellable, GError **error)
{
  char answer[ANSWER_MAX] = "";
  char *secret = NULL;
  int fd = open_terminal ();

  if (fd < 0)
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH,
                           "no password is known and there is no terminal to ask at: set "
                           "password_command");
      return NULL;
    }
  if (ask_quietly (fd, question, answer, sizeof answer, cancellable, error))
    secret = g_strdup (answer);
  close (fd);
  explicit_bzero (answer, sizeof answer);
  return secret;
}
