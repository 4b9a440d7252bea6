#include "fs/fleet.h"

#include "fs/name.h"
#include "fs/ready.h"
#include "fs/signals.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

typedef struct
{
  const MfLine *line;
  const char *config_dir;
  MfFleetServe serve;
  gboolean is_member; /* this is the process of an account, and it has ended */
  guint n_mounted;
  GArray *members; /* of pid_t: they are mounted, and are our children */
  int status;      /* what to exit with */
} Fleet;

/* MOUNTPOINT itself is the user's to make. */
static gboolean
make_config (Fleet *self, const char *name, MfConfig *out_config)
{
  g_autofree char *directory = mf_name_escape (name);
  g_autofree char *mountpoint = g_build_filename (self->line->words[0], directory, NULL);
  g_autoptr (GError) error = NULL;

  if (!mf_config_make (self->line, name, mountpoint, self->config_dir, out_config, &error))
    {
      g_warning ("%s: %s", name, error->message);
      return FALSE;
    }
  /* Where something dead is mounted it fails too, but that is taken away later. */
  if (g_mkdir (out_config->mountpoint, 0700) < 0 && errno == ENOENT)
    {
      g_warning ("%s: %s", self->line->words[0], g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

static gboolean
mount_member (Fleet *self, const char *name)
{
  g_auto (MfConfig) config = { 0 };
  MfDaemon daemon;

  if (!make_config (self, name, &config))
    return FALSE;
  if (!mf_daemon_fork (&daemon))
    {
      g_warning ("%s: cannot fork: %s", name, g_strerror (errno));
      return FALSE;
    }
  if (!daemon.is_parent)
    {
      mf_ready_forget ();
      self->is_member = TRUE;
      self->status = self->serve (&config, self->config_dir, &daemon);
      return TRUE;
    }
  if (daemon.status == EXIT_SUCCESS)
    g_array_append_val (self->members, daemon.child);
  return daemon.status == EXIT_SUCCESS;
}

/* ---- signals ---------------------------------------------------------- */

static void
block_signals (sigset_t *out_ends, sigset_t *out_all)
{
  sigemptyset (out_ends);
  sigaddset (out_ends, SIGTERM);
  sigaddset (out_ends, SIGINT);
  sigaddset (out_ends, SIGHUP);
  *out_all = *out_ends;
  sigaddset (out_all, SIGCHLD);
  sigprocmask (SIG_BLOCK, out_all, NULL);
}

static gboolean
was_told_to_end (const sigset_t *ends)
{
  struct timespec now = { 0 };

  return sigtimedwait (ends, NULL, &now) > 0;
}

static void
end_members (Fleet *self)
{
  for (guint i = 0; i < self->members->len; i++)
    kill (g_array_index (self->members, pid_t, i), SIGTERM);
}

static void
remove_ended (Fleet *self)
{
  for (guint i = self->members->len; i-- > 0;)
    {
      int status;

      if (waitpid (g_array_index (self->members, pid_t, i), &status, WNOHANG) <= 0)
        continue;
      if (!WIFEXITED (status) || WEXITSTATUS (status) != EXIT_SUCCESS)
        self->status = EXIT_FAILURE;
      g_array_remove_index_fast (self->members, i);
    }
}

/* Until the last has ended. */
static void
watch_members (Fleet *self, const sigset_t *signals)
{
  for (remove_ended (self); self->members->len > 0; remove_ended (self))
    {
      int number = sigwaitinfo (signals, NULL); /* -1 when it was stopped and goes on */

      if (number <= 0 || number == SIGCHLD)
        continue;
      mf_ready_tell ("STOPPING=1");
      end_members (self);
    }
}

/* ---- all of them ------------------------------------------------------ */

/* Until all are, or until it is told to end, which ends those that are. */
static void
mount_all (Fleet *self, char *const *names, const sigset_t *ends)
{
  for (guint i = 0; names[i] != NULL && !self->is_member; i++)
    {
      if (mount_member (self, names[i]))
        self->n_mounted++;
      else
        self->status = EXIT_FAILURE;
      if (!self->is_member && was_told_to_end (ends))
        {
          self->status = EXIT_FAILURE;
          end_members (self);
          return;
        }
    }
}

int
mf_fleet_run (const MfLine *line, const char *config_dir, MfFleetServe serve)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = mf_config_accounts (config_dir, &error);
  g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (pid_t));
  Fleet self = { line, config_dir, serve, .members = members, .status = EXIT_SUCCESS };
  sigset_t ends, signals;

  if (names == NULL)
    {
      g_warning ("%s", error->message);
      return EXIT_FAILURE;
    }
  block_signals (&ends, &signals);
  mount_all (&self, names, &ends);
  if (!self.is_member && line->foreground && self.n_mounted > 0)
    {
      mf_ready_tell ("READY=1");
      watch_members (&self, &signals);
    }
  return self.status;
}
