#include "fs/ask.h"

#include "fs/mountinfo.h"
#include "fs/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define LOOK_STEP_US (G_USEC_PER_SEC / 4)
#define UNMOUNT_TRIES 12

enum
{
  ALL_IS_DONE,
  ARE_PENDING,
  IS_OFFLINE,
  HAVE_FAILED,
  IS_NOT_THERE,
};

typedef int (*Command) (const char *mountpoint, gboolean is_only);

static void
tell (const char *mountpoint, const char *what, const char *why)
{
  g_warning ("%s: %s%s%s", mountpoint, what, why != NULL ? ": " : "", why != NULL ? why : "");
}

/* ---- the files of .mailfs --------------------------------------------- */

static char *
read_control (const char *mountpoint, const char *name)
{
  g_autofree char *path = g_build_filename (mountpoint, ".mailfs", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  if (g_file_get_contents (path, &text, NULL, &error))
    return text;
  tell (mountpoint, "the mount does not answer (mount it again)", error->message);
  return NULL;
}

/* Each key begins a line, and no text in the object has a line end in it. */
static const char *
find_value (const char *json, const char *key)
{
  g_autofree char *start = g_strdup_printf ("\n  \"%s\": ", key);
  const char *found = strstr (json, start);

  return found != NULL ? found + strlen (start) : "";
}

static guint64
get_number (const char *json, const char *key)
{
  return g_ascii_strtoull (find_value (json, key), NULL, 10);
}

static int
judge (const char *json)
{
  if (get_number (json, "failed") > 0 || get_number (json, "held") > 0)
    return HAVE_FAILED;
  if (!g_str_has_prefix (find_value (json, "online"), "true"))
    return IS_OFFLINE;
  return get_number (json, "pending") > 0 ? ARE_PENDING : ALL_IS_DONE;
}

static int
look (const char *mountpoint)
{
  g_autofree char *json = read_control (mountpoint, "status.json");

  return json != NULL ? judge (json) : IS_NOT_THERE;
}

/* ---- status, queue ---------------------------------------------------- */

static int
show_status (const char *mountpoint, gboolean is_only)
{
  g_autofree char *text = read_control (mountpoint, "status");

  if (text == NULL)
    return IS_NOT_THERE;
  printf ("mountpoint: %s\n%s%s", mountpoint, text, is_only ? "" : "\n");
  return look (mountpoint);
}

static int
show_queue (const char *mountpoint, gboolean is_only)
{
  g_autofree char *text = read_control (mountpoint, "queue");
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;

  if (text == NULL)
    return IS_NOT_THERE;
  for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++)
    printf ("%s%s%s\n", is_only ? "" : mountpoint, is_only ? "" : ": ", lines[i]);
  return look (mountpoint);
}

/* ---- sync ------------------------------------------------------------- */

typedef struct
{
  const char *mountpoint;
  GAsyncQueue *done; /* gets something when @number is there */
  int number;        /* 0 or an errno */
} Sync;

/* The write waits for the server. */
static gpointer
write_sync (gpointer data)
{
  static const char word[] = "sync\n";
  Sync *self = data;
  g_autofree char *path = g_build_filename (self->mountpoint, ".mailfs", "ctl", NULL);
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  if (fd < 0 || write (fd, word, strlen (word)) < 0)
    self->number = errno;
  if (fd >= 0)
    close (fd);
  g_async_queue_push (self->done, self);
  return NULL;
}

static void
show_progress (const char *mountpoint)
{
  g_autofree char *json = read_control (mountpoint, "status.json");

  if (json != NULL)
    fprintf (stderr, "\r\033[K%s: %" G_GUINT64_FORMAT " changes to go", mountpoint,
             get_number (json, "pending"));
}

static int
sync_changes (const char *mountpoint, gboolean is_only)
{
  Sync self = { mountpoint, g_async_queue_new (), 0 };
  GThread *thread = g_thread_new ("sync", write_sync, &self);
  gboolean moving = isatty (STDERR_FILENO);
  int verdict;

  while (g_async_queue_timeout_pop (self.done, LOOK_STEP_US) == NULL)
    if (moving)
      show_progress (mountpoint);
  g_thread_join (thread);
  g_async_queue_unref (self.done);
  if (moving)
    fputs ("\r\033[K", stderr);

  verdict = look (mountpoint);
  if (self.number == 0)
    printf ("%s: synced\n", mountpoint);
  else if (self.number == EROFS)
    printf ("%s: read-only: nothing to send\n", mountpoint);
  else if (self.number == EHOSTDOWN)
    tell (mountpoint, "not synced", "the server cannot be reached (mailfs status tells why)");
  else if (verdict != IS_NOT_THERE)
    tell (mountpoint, "not synced (mailfs queue tells more)", g_strerror (self.number));
  return self.number != 0 && self.number != EROFS && verdict == ALL_IS_DONE ? ARE_PENDING : verdict;
}

/* ---- unmount ---------------------------------------------------------- */

/* What is pending is sent before it ends, within its own time limit. */
static void
wait_for_end (int pid_fd)
{
  struct pollfd fd = { .fd = pid_fd, .events = POLLIN };

  while (poll (&fd, 1, -1) < 0 && errno == EINTR)
    ;
}

static gboolean
is_mounted (const char *mountpoint)
{
  g_autoptr (GPtrArray) all = mf_mountinfo_read ();

  for (guint i = 0; i < all->len; i++)
    if (g_str_equal (((const MfMounted *)g_ptr_array_index (all, i))->path, mountpoint))
      return TRUE;
  return FALSE;
}

/* @out_why: (transfer full) what it says about a failure. */
static gboolean
try_unmount (const char *mountpoint, char **out_why)
{
  const char *arguments[] = { "fusermount3", "-u", mountpoint, NULL };
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, out_why,
                    &status, &error))
    return g_spawn_check_wait_status (status, NULL);
  *out_why = g_strdup (error->message);
  return FALSE;
}

/* The daemon itself may keep the mount busy while it tells the kernel of news (echo.h). */
static int
unmount (const char *mountpoint, gboolean is_only)
{
  g_autofree char *json = read_control (mountpoint, "status.json");
  int pid_fd = json != NULL ? pidfd_open ((pid_t)get_number (json, "pid"), 0) : -1;
  g_autofree char *why = NULL;
  gboolean done = try_unmount (mountpoint, &why);

  for (int i = 1; !done && i < UNMOUNT_TRIES && is_mounted (mountpoint); i++)
    {
      g_usleep (LOOK_STEP_US);
      g_free (why);
      done = try_unmount (mountpoint, &why);
    }
  if (!done)
    tell (mountpoint, "cannot be unmounted", why);
  else if (pid_fd >= 0)
    wait_for_end (pid_fd);
  if (pid_fd >= 0)
    close (pid_fd);
  return done ? ALL_IS_DONE : IS_NOT_THERE;
}

/* ---- which mounts ----------------------------------------------------- */

static gboolean
is_within (const char *path, const char *directory)
{
  gsize n = strlen (directory);

  return strncmp (path, directory, n) == 0
         && (path[n] == '\0' || path[n] == '/' || (n == 1 && directory[0] == '/'));
}

static gboolean
is_ours (const MfMounted *mounted)
{
  g_autofree char *owner = g_strdup_printf ("user_id=%u", (guint)getuid ());
  g_auto (GStrv) options = g_strsplit (mounted->options, ",", -1);

  return g_str_equal (mounted->type, "fuse.mailfs")
         && g_strv_contains ((const char *const *)options, owner);
}

/* Also where a dead mount is in the way. */
static char *
resolve (const char *path)
{
  char *real = realpath (path, NULL);

  return real != NULL ? real : g_canonicalize_filename (path, NULL);
}

/* (transfer full) (element-type utf8): mountpoints. */
static GPtrArray *
find_mounts (const char *path)
{
  g_autofree char *wanted = path != NULL ? resolve (path) : g_strdup ("/");
  g_autoptr (GPtrArray) all = mf_mountinfo_read ();
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  const char *around = NULL;

  for (guint i = 0; i < all->len; i++)
    {
      const MfMounted *mounted = g_ptr_array_index (all, i);

      if (is_ours (mounted) && is_within (mounted->path, wanted))
        g_ptr_array_add (found, g_strdup (mounted->path));
      else if (is_ours (mounted) && is_within (wanted, mounted->path))
        around = mounted->path;
    }
  if (found->len == 0 && around != NULL)
    g_ptr_array_add (found, g_strdup (around));
  return found;
}

/* ---- commands --------------------------------------------------------- */

static const struct
{
  const char *name;
  Command run;
  gboolean needs_path;
} commands[] = {
  { "status", show_status, FALSE },
  { "queue", show_queue, FALSE },
  { "sync", sync_changes, FALSE },
  { "unmount", unmount, TRUE },
};

gboolean
mf_ask_is_command (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].name, word))
      return TRUE;
  return FALSE;
}

gboolean
mf_ask_check (const char *command, guint n_words, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].name, command)
        && (n_words > 1 || (n_words == 0 && commands[i].needs_path)))
      return mf_usage_fail (error, "%s is a command and needs %s MOUNTPOINT (see --help)", command,
                            commands[i].needs_path ? "one" : "at most one");
  return TRUE;
}

int
mf_ask_run (const char *command, const char *path)
{
  g_autoptr (GPtrArray) mounts = find_mounts (path);
  int worst = ALL_IS_DONE;
  guint n = 0;

  while (!g_str_equal (commands[n].name, command))
    n++;
  if (mounts->len == 0)
    {
      g_warning ("%s%snothing of yours is mounted%s", path != NULL ? path : "",
                 path != NULL ? ": " : "", path != NULL ? " there" : "");
      return IS_NOT_THERE;
    }
  for (guint i = 0; i < mounts->len; i++)
    {
      int verdict = commands[n].run (g_ptr_array_index (mounts, i), mounts->len == 1);

      worst = MAX (worst, verdict);
    }
  return worst;
}
