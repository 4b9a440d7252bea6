#include "fs/command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT_S 60
#define OUTPUT_MAX (16 * 1024)

static gboolean G_GNUC_PRINTF (2, 3) fail (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH, message);
  return FALSE;
}

/* Our threads block signals, and ignore SIGPIPE; the program shall not. */
static void
reset_signals (gpointer user_data)
{
  sigset_t none;

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  signal (SIGPIPE, SIG_DFL);
}

static gboolean
start (const char *command, GPid *out_pid, int *out_fd, GError **error)
{
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GError) spawn_error = NULL;
  GSpawnFlags flags
      = G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN;

  if (!g_shell_parse_argv (command, NULL, &arguments, &spawn_error)
      || !g_spawn_async_with_pipes (NULL, arguments, NULL, flags, reset_signals, NULL, out_pid,
                                    NULL, out_fd, NULL, &spawn_error))
    return fail (error, "the command for the secret cannot be run: %s", spawn_error->message);
  return TRUE;
}

/* FALSE: the time is over, or it was cancelled. */
static gboolean
wait_readable (int fd, gint64 deadline_us, GCancellable *cancellable)
{
  GPollFD fds[2] = { { .fd = fd, .events = G_IO_IN | G_IO_HUP } };
  gboolean cancellable_polled = g_cancellable_make_pollfd (cancellable, &fds[1]);
  gint64 left_ms = (deadline_us - g_get_monotonic_time ()) / 1000;
  int n;

  do
    n = g_poll (fds, cancellable_polled ? 2 : 1, (int)MAX (left_ms, 0));
  while (n < 0 && errno == EINTR);
  if (cancellable_polled)
    g_cancellable_release_fd (cancellable);
  return n > 0 && fds[0].revents != 0;
}

/* All of the output, so that the program does not die of a closed pipe. */
static gboolean
read_output (int fd, char *buffer, gsize size, GCancellable *cancellable, GError **error)
{
  gint64 deadline_us = g_get_monotonic_time () + (gint64)TIME_LIMIT_S * G_USEC_PER_SEC;
  char rest[256];
  gsize used = 0;

  for (;;)
    {
      gboolean full = used == size - 1;
      ssize_t n;

      if (!wait_readable (fd, deadline_us, cancellable))
        return !g_cancellable_set_error_if_cancelled (cancellable, error)
               && fail (error, "the command for the secret took longer than %d s", TIME_LIMIT_S);
      n = read (fd, full ? rest : buffer + used, full ? sizeof rest : size - 1 - used);
      if (n == 0)
        break;
      if (n < 0 && errno != EINTR)
        return fail (error, "the output of the command for the secret cannot be read");
      if (n > 0 && !full)
        used += (gsize)n;
    }
  buffer[used] = '\0';
  explicit_bzero (rest, sizeof rest);
  return TRUE;
}

static gboolean
finish (GPid pid, gboolean kill_it, GError **error)
{
  int status;

  if (kill_it)
    kill (pid, SIGKILL);
  while (waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      return fail (error, "the command for the secret was lost");
  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return TRUE;
  if (WIFEXITED (status))
    return fail (error, "the command for the secret failed with status %d", WEXITSTATUS (status));
  return fail (error, "the command for the secret died of signal %d", WTERMSIG (status));
}

static char *
take_first_line (const char *output, GError **error)
{
  gsize n = strcspn (output, "\r\n");

  if (n == 0)
    {
      fail (error, "the command for the secret printed nothing");
      return NULL;
    }
  return g_strndup (output, n);
}

char *
mf_command_run (const char *command, GCancellable *cancellable, GError **error)
{
  char output[OUTPUT_MAX] = "";
  char *secret = NULL;
  gboolean complete;
  GPid pid;
  int fd;

  if (!start (command, &pid, &fd, error))
    return NULL;
  complete = read_output (fd, output, sizeof output, cancellable, error);
  close (fd);
  /* With an error of the reading, that is the one to tell. */
  if (finish (pid, !complete, complete ? error : NULL) && complete)
    secret = take_first_line (output, error);
  explicit_bzero (output, sizeof output);
  return secret;
}
