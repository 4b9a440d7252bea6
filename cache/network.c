#include "cache/network.h"

struct _MfNetwork
{
  MfEngine *engine;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
};

static void
on_changed (GNetworkMonitor *monitor, gboolean available, gpointer user_data)
{
  MfNetwork *self = user_data;

  if (available)
    mf_engine_look_now (self->engine);
}

static gpointer
run (gpointer data)
{
  MfNetwork *self = data;

  g_main_context_push_thread_default (self->context);
  GNetworkMonitor *monitor = g_network_monitor_get_default ();
  gulong handler = g_signal_connect (monitor, "network-changed", G_CALLBACK (on_changed), self);
  g_main_loop_run (self->loop);
  g_signal_handler_disconnect (monitor, handler);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

MfNetwork *
mf_network_start (MfEngine *engine)
{
  MfNetwork *self = g_new0 (MfNetwork, 1);

  self->engine = engine;
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("network", run, self);
  return self;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
mf_network_stop (MfNetwork *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  /* By the loop itself, which may not have begun yet. */
  g_source_set_callback (source, quit, self->loop, NULL);
  g_source_attach (source, self->context);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}
