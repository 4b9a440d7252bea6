#include "fs/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (16 * 1024)
#define WORDS_MAX 1024

/* What comes out of the program; beyond @size it is dropped. */
typedef struct
{
  int fd; /* -1: its end has come */
  char *bytes;
  gsize size, used;
} Pipe;

typedef struct
{
  const char *name; /* for errors */
  guint limit_s;
  GPid pid;
  int pid_fd; /* readable when it has ended */
  Pipe output, words;
} Command;

static gboolean G_GNUC_PRINTF (3, 4)
    fail (const Command *self, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH, "%s: %s", self->name, message);
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
start (Command *self, const char *command, GError **error)
{
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GError) spawn_error = NULL;
  GSpawnFlags flags
      = G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN;

  if (!g_shell_parse_argv (command, NULL, &arguments, &spawn_error)
      || !g_spawn_async_with_pipes (NULL, arguments, NULL, flags, reset_signals, NULL, &self->pid,
                                    NULL, &self->output.fd, &self->words.fd, &spawn_error))
    return fail (self, error, "%s", spawn_error->message);
  self->pid_fd = pidfd_open (self->pid, 0);
  fcntl (self->output.fd, F_SETFL, O_NONBLOCK);
  fcntl (self->words.fd, F_SETFL, O_NONBLOCK);
  return TRUE;
}

/* All that is there now.  @echo: shown on our stderr as well. */
static void
drain (Pipe *self, gboolean echo)
{
  char piece[256];
  ssize_t n = 0;

  while (self->fd >= 0 && (n = read (self->fd, piece, sizeof piece)) > 0)
    {
      gsize kept = MIN ((gsize)n, self->size - 1 - self->used);

      memcpy (self->bytes + self->used, piece, kept);
      self->used += kept;
      if (echo && write (STDERR_FILENO, piece, (gsize)n) < 0)
        echo = FALSE;
    }
  self->bytes[self->used] = '\0';
  explicit_bzero (piece, sizeof piece);
  if (self->fd >= 0 && (n == 0 || errno != EAGAIN))
    {
      close (self->fd);
      self->fd = -1;
    }
}

/* The time is, or somebody cancelled: that is the first of @fds. */
static gboolean
is_over (GPollFD *fds, guint n_fds, gint64 deadline_us)
{
  gint64 left_ms = (deadline_us - g_get_monotonic_time ()) / 1000;
  int n;

  do
    n = g_poll (fds, n_fds, (int)MAX (left_ms, 0));
  while (n < 0 && errno == EINTR);
  return n <= 0 || fds[0].revents != 0;
}

/* Where the kernel tells no end (before Linux 5.3), that of its output counts. */
static gboolean
has_ended (const Command *self, const GPollFD *pid_fd)
{
  return self->pid_fd >= 0 ? pid_fd->revents != 0 : self->output.fd < 0;
}

/* Reads until the program has ended; its children may hold the pipes longer. */
static gboolean
read_all (Command *self, GCancellable *cancellable, GError **error)
{
  gint64 deadline_us = g_get_monotonic_time () + (gint64)self->limit_s * G_USEC_PER_SEC;
  gboolean echo = isatty (STDERR_FILENO);
  GPollFD fds[4] = { { .fd = -1 } };
  gboolean cancellable_polled = g_cancellable_make_pollfd (cancellable, &fds[0]);
  gboolean ok = TRUE, ended = FALSE;

  while (ok && !ended)
    {
      fds[1] = (GPollFD){ .fd = self->pid_fd, .events = G_IO_IN };
      fds[2] = (GPollFD){ .fd = self->output.fd, .events = G_IO_IN };
      fds[3] = (GPollFD){ .fd = self->words.fd, .events = G_IO_IN };
      ok = !is_over (fds, G_N_ELEMENTS (fds), deadline_us);
      drain (&self->output, FALSE);
      drain (&self->words, echo);
      ended = has_ended (self, &fds[1]);
    }
  if (cancellable_polled)
    g_cancellable_release_fd (cancellable);
  if (!ok && !g_cancellable_set_error_if_cancelled (cancellable, error))
    fail (self, error, "it took longer than %u s", self->limit_s);
  return ok;
}

static const char *
get_last_line (char *words)
{
  const char *newline = strrchr (g_strchomp (words), '\n');

  return newline != NULL ? newline + 1 : words;
}

static gboolean
judge (const Command *self, int status, GError **error)
{
  const char *line = get_last_line (self->words.bytes);
  const char *colon = line[0] != '\0' ? ": " : "";

  if (WIFSIGNALED (status))
    return fail (self, error, "the command died of signal %d%s%s", WTERMSIG (status), colon, line);
  if (WEXITSTATUS (status) != 0)
    return fail (self, error, "the command ended with status %d%s%s", WEXITSTATUS (status), colon,
                 line);
  return strcspn (self->output.bytes, "\r\n") > 0
         || fail (self, error, "the command printed nothing%s%s", colon, line);
}

static gboolean
run (Command *self, GCancellable *cancellable, GError **error)
{
  gboolean ok = read_all (self, cancellable, error);
  int status = 0;

  if (!ok)
    kill (self->pid, SIGKILL);
  while (waitpid (self->pid, &status, 0) < 0 && errno == EINTR)
    ;
  if (self->output.fd >= 0)
    close (self->output.fd);
  if (self->words.fd >= 0)
    close (self->words.fd);
  if (self->pid_fd >= 0)
    close (self->pid_fd);
  return ok && judge (self, status, error);
}

char *
mf_command_run (const char *name, const char *command, guint limit_s, GCancellable *cancellable,
                GError **error)
{
  char output[OUTPUT_MAX] = "", words[WORDS_MAX] = "";
  Command self = {
    .name = name,
    .limit_s = limit_s,
    .output = { .bytes = output, .size = sizeof output },
    .words = { .bytes = words, .size = sizeof words },
  };
  char *secret = NULL;

  if (start (&self, command, error) && run (&self, cancellable, error))
    secret = g_strndup (output, strcspn (output, "\r\n"));
  explicit_bzero (output, sizeof output);
  return secret;
}
