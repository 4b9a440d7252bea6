/* The order of things: options, fork, mountpoint, server, cache, mount, loop; and
 * back.  The kernel is answered until nothing waits for it any more: the notifier
 * ends while the loop still runs, for it may sit in the kernel behind a request.
 * The session is closed only when no thread can answer to it any more, since the
 * number of its descriptor may be another file's by then. */
#include "fs/ask.h"
#include "fs/config.h"
#include "fs/daemon.h"
#include "fs/discover.h"
#include "fs/fleet.h"
#include "fs/handshake.h"
#include "fs/log.h"
#include "fs/loop.h"
#include "fs/mount.h"
#include "fs/point.h"
#include "fs/privateroot.h"
#include "fs/progress.h"
#include "fs/ready.h"
#include "fs/report.h"
#include "fs/route.h"
#include "fs/secret.h"
#include "fs/signals.h"
#include "fs/version.h"
#include "proto/remote.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_WAIT_MS 3000
#define BUSY_STEP_MS 50

typedef struct
{
  MfConfig *config;
  char *label; /* the account, for messages */
  char *state_dir, *cache_dir;
  MfAccount account;
  MfTraffic traffic;
  MfCacheOptions options; /* borrowed by the cache */
  MfMount mount;
  GCancellable *starting; /* cancelled by a signal */
  MfLoop *loop;           /* (nullable) set once, atomic; until the signals end */
  gboolean online;
  gint unmounted; /* atomic */
} App;

/* ---- news and signals ------------------------------------------------- */

static void
log_state (App *self)
{
  g_autofree char *trouble = NULL;
  gboolean online = mf_cache_is_online (self->mount.cache, &trouble);

  if (online == self->online)
    return;
  self->online = online;
  if (online)
    g_message ("%s: online", self->label);
  else
    g_message ("%s: offline%s%s", self->label, trouble != NULL ? ": " : "",
               trouble != NULL ? trouble : "");
}

static void
on_folder (const MfCensusNews *news, gpointer user_data)
{
  App *self = user_data;

  if (news->old.name != NULL)
    mf_notify_name (self->mount.notify, news->old.parent, news->old.name);
  mf_events_add_folder (self->mount.events, news);
}

static void
on_event (const MfEvent *event, gpointer user_data)
{
  App *self = user_data;
  MfCensus *census = g_atomic_pointer_get (&self->mount.census);

  mf_notify_event (self->mount.notify, event);
  mf_events_add (self->mount.events, event);
  if (event->type == MF_EVENT_TREE_CHANGED && census != NULL)
    mf_census_update (census, event->folder, on_folder, self);
  /* Before the loop start_cache() tells it, and the end is no news. */
  if (event->type == MF_EVENT_STATE && g_atomic_pointer_get (&self->loop) != NULL
      && !g_atomic_int_get (&self->unmounted))
    log_state (self);
  if (event->type == MF_EVENT_TROUBLE)
    g_warning ("%s: %s", self->label, event->text);
}

static void
on_signal (gpointer user_data)
{
  App *self = user_data;
  MfLoop *loop = g_atomic_pointer_get (&self->loop);

  /* What is pending is in the journal; nobody need wait for it. */
  if (g_atomic_int_get (&self->unmounted))
    _exit (EXIT_FAILURE);
  g_cancellable_cancel (self->starting);
  if (loop != NULL)
    {
      /* The notifier may sit in the kernel behind one of them. */
      mf_requests_end (self->mount.requests);
      mf_notify_stop (self->mount.notify);
      mf_loop_quit (loop);
    }
}

/* ---- the server ------------------------------------------------------- */

static gboolean
find_server (App *self, GError **error)
{
  g_autofree char *memory = g_build_filename (self->state_dir, "server", NULL);

  if (self->config->address.host != NULL)
    return TRUE;
  return mf_discover (&self->config->address, memory, self->starting, error);
}

static void
fill_account (App *self, MfSecret *secret)
{
  const MfConfig *config = self->config;

  self->account = (MfAccount){
    .host = config->address.host,
    .port = config->address.port,
    .tls = config->no_tls ? MF_TLS_NONE : config->address.tls,
    .auth = config->auth,
    .allow_cleartext = config->allow_cleartext,
    .tls_name = config->address.tls_name,
    .user = config->user,
    .secret = mf_secret_get,
    .secret_data = secret,
    .ca_file = config->ca_file,
    .client_cert = config->client_cert,
    .client_key = config->client_key,
    .timeout_ms = config->timeout_s * 1000,
    .traffic = &self->traffic,
  };
}

static MfCache *
try_open_cache (App *self, GError **error)
{
  const MfConfig *config = self->config;

  self->options = (MfCacheOptions){
    .state_dir = self->state_dir,
    .cache_dir = self->cache_dir,
    .cache_size = config->cache_size,
    .prefetch = config->prefetch,
    .folders = (const char *const *)config->folders,
    .exclude = (const char *const *)config->exclude,
    .subscribed = config->subscribed,
    .connections = config->connections,
    .poll_s = config->poll_s,
    .drain_s = config->drain_s,
    .expunge = config->expunge,
    .delete_guard = config->delete_guard,
    .crlf = config->crlf,
    .sync = config->sync,
    .read_only = config->read_only,
  };

  return mf_cache_open (&self->options, &mf_remote_imap, &self->account, on_event, self, error);
}

/* Who unmounts and mounts again may be faster than the end of the first. */
static MfCache *
open_cache (App *self, GError **error)
{
  gint64 deadline_us = g_get_monotonic_time () + BUSY_WAIT_MS * 1000;
  g_autoptr (GError) busy = NULL;
  MfCache *cache;

  while ((cache = try_open_cache (self, &busy)) == NULL
         && g_error_matches (busy, MF_CACHE_ERROR, MF_CACHE_ERROR_BUSY)
         && g_get_monotonic_time () < deadline_us && !g_cancellable_is_cancelled (self->starting))
    {
      g_clear_error (&busy);
      g_usleep (BUSY_STEP_MS * 1000);
    }
  if (cache == NULL)
    g_propagate_error (error, g_steal_pointer (&busy));
  return cache;
}

/* For people and logs, before the prompt comes back. */
static void
show_summary (App *self)
{
  g_autofree char *line = NULL, *safe = NULL;
  guint64 folders = 0, messages = 0;

  mf_cache_count (self->mount.cache, &folders, &messages);
  line = g_strdup_printf ("mailfs: %s: %" G_GUINT64_FORMAT " folders, %" G_GUINT64_FORMAT
                          " messages at %s port %u",
                          self->label, folders, messages, self->account.host, self->account.port);
  safe = mf_report_line (line);
  puts (safe);
  fflush (stdout);
}

static gboolean
start_cache (App *self, GError **error)
{
  g_autofree char *why = NULL;
  g_autofree char *what
      = g_strdup_printf ("%s: connecting to %s port %u", self->label, self->account.host,
                         self->account.port);
  g_autofree char *safe = mf_report_line (what);
  MfProgress *progress = mf_progress_start (safe, &self->traffic);
  gboolean ok
      = mf_cache_start (self->mount.cache, &self->online, &why, self->starting, error);

  mf_progress_stop (progress);
  if (!ok)
    return FALSE;
  if (!self->online)
    g_message ("%s: mounted offline, showing what is known: %s", self->label,
               why != NULL ? why : "the server cannot be reached");
  return TRUE;
}

/* ---- the mount -------------------------------------------------------- */

static gboolean
has_option (const GPtrArray *options, const char *prefix)
{
  for (guint i = 0; i < options->len; i++)
    if (g_str_has_prefix (g_ptr_array_index (options, i), prefix))
      return TRUE;
  return FALSE;
}

/* Commas and backslashes would end an option. */
static void
add_option (struct fuse_args *arguments, const char *option)
{
  g_autoptr (GString) escaped = g_string_new ("-o");

  for (const char *p = option; *p != '\0'; p++)
    {
      if (*p == ',' || *p == '\\')
        g_string_append_c (escaped, '\\');
      g_string_append_c (escaped, *p);
    }
  fuse_opt_add_arg (arguments, escaped->str);
}

static void
fill_arguments (const MfConfig *config, struct fuse_args *arguments)
{
  g_autofree char *server = mf_address_source (&config->address, config->user);
  g_autofree char *source = g_strconcat ("fsname=", server, NULL);

  fuse_opt_add_arg (arguments, "mailfs");
  add_option (arguments, "default_permissions");
  if (!has_option (config->fuse_options, "subtype="))
    add_option (arguments, "subtype=mailfs");
  if (!has_option (config->fuse_options, "fsname="))
    add_option (arguments, source);
  if (config->debug)
    add_option (arguments, "debug");
  for (guint i = 0; i < config->fuse_options->len; i++)
    add_option (arguments, g_ptr_array_index (config->fuse_options, i));
}

static gboolean
open_session (App *self, GError **error)
{
  struct fuse_args arguments = FUSE_ARGS_INIT (0, NULL);
  struct fuse_session *session;
  gboolean mounted;

  fill_arguments (self->config, &arguments);
  session = fuse_session_new (&arguments, &mf_route_ops, sizeof mf_route_ops, &self->mount);
  fuse_opt_free_args (&arguments);
  mounted = session != NULL && fuse_session_mount (session, self->config->mountpoint) == 0;
  if (mounted && mf_handshake_install (session))
    {
      self->mount.session = session;
      return TRUE;
    }
  if (mounted)
    fuse_session_unmount (session);
  if (session != NULL)
    fuse_session_destroy (session);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot mount on %s",
               self->config->mountpoint);
  return FALSE;
}

static void
serve (App *self)
{
  MfLoop *loop = mf_loop_new (self->mount.session);

  self->mount.syncer = mf_syncer_new ();
  mf_events_start (self->mount.events, self->mount.cache);
  g_atomic_pointer_set (&self->mount.census, mf_census_new (self->mount.cache));
  self->mount.echo = mf_echo_new (self->mount.cache, self->mount.session, self->config->mountpoint,
                                  self->mount.read_only);
  mf_notify_start (self->mount.notify, &(MfNotifyTargets){ self->mount.cache, self->mount.hints,
                                                           self->mount.echo, self->mount.session });
  g_atomic_pointer_set (&self->loop, loop);
  if (!g_cancellable_is_cancelled (self->starting))
    mf_loop_run (loop);

  mf_notify_stop (self->mount.notify);
  mf_requests_end (self->mount.requests);
  mf_opened_end (self->mount.opened);
  g_clear_pointer (&self->mount.syncer, mf_syncer_free);
  g_clear_pointer (&self->mount.echo, mf_echo_free);
  fuse_session_unmount (self->mount.session);
  g_atomic_int_set (&self->unmounted, 1);
  mf_ready_tell ("STOPPING=1");
}

/* After the last request; the workers may still be sending. */
static void
stop_cache (App *self)
{
  guint n_pending = mf_cache_stop (self->mount.cache);

  if (n_pending > 0)
    g_message ("%s: %u changes are still pending; they go out at the next mount", self->label,
               n_pending);
}

/* After the cache: its lock says that nobody else uses the files. */
static gboolean
open_private (App *self, GError **error)
{
  MfMount *mount = &self->mount;
  g_autoptr (GError) problem = NULL;

  mount->private_fd = mf_privateroot_open (self->state_dir, mount->read_only, &problem);
  mount->backing = mf_backing_new (mount->private_fd);
  if (problem == NULL && !mount->read_only)
    mf_privateroot_rescue (mount->private_fd, mount->cache);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static gboolean
prepare (App *self, GError **error)
{
  if (!mf_point_prepare (self->config->mountpoint, error))
    {
      g_prefix_error (error, "%s: ", self->config->mountpoint);
      return FALSE;
    }
  if (!find_server (self, error))
    return FALSE;
  self->mount.cache = open_cache (self, error);
  return self->mount.cache != NULL && open_private (self, error);
}

/* Whoever waits for the mount is told.  @daemon (nullable). */
static void
announce (App *self, MfDaemon *daemon)
{
  g_autofree char *state = g_strdup_printf ("READY=1\nSTATUS=%s is mounted", self->label);

  show_summary (self);
  if (!self->config->foreground)
    {
      mf_log_to_syslog ();
      mf_daemon_detach ();
    }
  mf_ready_tell (state);
  if (daemon != NULL)
    mf_daemon_tell (daemon);
}

static gboolean
run_cache (App *self, MfDaemon *daemon, GError **error)
{
  gboolean ok = start_cache (self, error) && open_session (self, error);

  if (ok)
    {
      announce (self, daemon);
      serve (self);
    }
  stop_cache (self);
  if (ok)
    fuse_session_destroy (self->mount.session);
  return ok;
}

/* ---- from the beginning to the end ------------------------------------ */

static void
init_app (App *self, MfConfig *config)
{
  g_autofree char *key = mf_address_key (&config->address, config->user);

  *self = (App){
    .config = config,
    .label = mf_address_is_address (config->account)
                 ? mf_address_print (&config->address, config->user)
                 : g_strdup (config->account),
    .state_dir = g_build_filename (config->state_dir, key, NULL),
    .cache_dir = g_build_filename (config->cache_dir, key, NULL),
    .starting = g_cancellable_new (),
    .mount = {
      .account = config->account,
      .requests = mf_requests_new (),
      .hints = mf_idset_new (),
      .opened_once = mf_idset_new (),
      .notify = mf_notify_new (),
      .events = mf_events_new (),
      .opened = mf_opened_new (),
      .linked = mf_linked_new (),
      .dropped = mf_dropped_new (),
      .generations = mf_generations_new (),
      .places = mf_places_new (),
      .recent = mf_recent_new (),
      .vacated = mf_vacated_new (),
      .private_fd = -1,
      .uid = getuid (),
      .gid = getgid (),
      .read_only = config->read_only,
      .sync = config->sync,
      .started_s = g_get_real_time () / G_USEC_PER_SEC,
    },
  };
}

static void
clear_app (App *self)
{
  g_clear_pointer (&self->loop, mf_loop_free);
  g_clear_pointer (&self->mount.backing, mf_backing_free);
  if (self->mount.private_fd >= 0)
    close (self->mount.private_fd);
  g_clear_pointer (&self->mount.cache, mf_cache_close);
  mf_notify_free (self->mount.notify);
  mf_events_free (self->mount.events);
  g_clear_pointer (&self->mount.census, mf_census_free);
  mf_opened_free (self->mount.opened);
  mf_idset_free (self->mount.hints);
  mf_idset_free (self->mount.opened_once);
  mf_linked_free (self->mount.linked);
  mf_dropped_free (self->mount.dropped);
  mf_generations_free (self->mount.generations);
  mf_places_free (self->mount.places);
  mf_recent_free (self->mount.recent);
  mf_vacated_free (self->mount.vacated);
  mf_requests_free (self->mount.requests);
  g_object_unref (self->starting);
  g_free (self->label);
  g_free (self->state_dir);
  g_free (self->cache_dir);
}

/* @daemon (nullable): NULL when nobody waits. */
static int
run (MfConfig *config, const char *config_dir, MfDaemon *daemon)
{
  g_autoptr (MfSecret) secret = mf_secret_new (config, config_dir);
  g_autoptr (GError) error = NULL;
  MfSignals *signals;
  App app;
  gboolean ok;

  init_app (&app, config);
  mf_signals_block ();
  signals = mf_signals_start (on_signal, &app);
  ok = prepare (&app, &error);
  if (ok)
    {
      fill_account (&app, secret);
      ok = run_cache (&app, daemon, &error);
    }
  if (error != NULL)
    g_warning ("%s: %s", app.label,
               g_cancellable_is_cancelled (app.starting) ? "interrupted" : error->message);
  mf_signals_stop (signals);
  clear_app (&app);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What is in our memory shall not get into a file, and files are for us alone. */
static void
harden (void)
{
  struct rlimit none = { 0, 0 };

  setrlimit (RLIMIT_CORE, &none);
  prctl (PR_SET_DUMPABLE, 0);
  umask (077);
}

static int
mount_one (const MfLine *line, const char *config_dir)
{
  g_auto (MfConfig) config = { 0 };
  g_autoptr (GError) error = NULL;
  MfDaemon daemon;

  if (!mf_config_make (line, line->words[0], line->words[1], config_dir, &config, &error))
    {
      g_warning ("%s", error->message);
      return EXIT_FAILURE;
    }
  if (config.foreground)
    return run (&config, config_dir, NULL);
  if (!mf_daemon_fork (&daemon))
    {
      g_warning ("cannot fork: %s", g_strerror (errno));
      return EXIT_FAILURE;
    }
  return daemon.is_parent ? daemon.status : run (&config, config_dir, &daemon);
}

static int
do_as_told (const MfLine *line)
{
  g_autofree char *config_dir = g_build_filename (g_get_user_config_dir (), "mailfs", NULL);

  if (line->help)
    fputs (mf_line_help, stdout);
  if (line->version)
    puts ("mailfs " MF_VERSION);
  if (line->help || line->version)
    return EXIT_SUCCESS;
  if (line->all)
    return mf_fleet_run (line, config_dir, run);
  if (mf_ask_is_command (line->words[0]))
    return mf_ask_run (line->words[0], line->words[1]);
  return mount_one (line, config_dir);
}

int
main (int argc, char **argv)
{
  g_auto (MfLine) line = { 0 };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  harden ();
  mf_log_init ();
  mf_ready_init ();
  if (!mf_line_parse (argc, argv, &line, &error))
    {
      g_warning ("%s", error->message);
      return EXIT_FAILURE;
    }
  if (line.debug)
    mf_log_show_debug ();
  return do_as_told (&line);
}
