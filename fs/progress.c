#include "fs/progress.h"

#include <stdio.h>
#include <unistd.h>

#define STEP_US (G_USEC_PER_SEC / 5)

struct _MfProgress
{
  char *what;
  MfTraffic *traffic;
  gint64 start_us;
  GAsyncQueue *end; /* gets something when it shall end */
  GThread *thread;  /* NULL: no terminal */
};

static gsize
received (const MfProgress *self)
{
  return (gsize)g_atomic_pointer_get (&self->traffic->received_bytes);
}

static void
show (const MfProgress *self, gsize bytes)
{
  gint64 us = MAX (g_get_monotonic_time () - self->start_us, 1);
  g_autofree char *amount = g_format_size (bytes);
  g_autofree char *rate = g_format_size ((guint64)((gdouble)bytes * G_USEC_PER_SEC / (gdouble)us));

  fprintf (stderr, "\r\033[K%s: %s, %s/s", self->what, amount, rate);
}

/* While nothing comes, somebody may be typing a password on that line. */
static gpointer
run (gpointer data)
{
  MfProgress *self = data;
  gsize shown = 0;

  fputs (self->what, stderr);
  while (g_async_queue_timeout_pop (self->end, STEP_US) == NULL)
    if (received (self) != shown)
      {
        shown = received (self);
        show (self, shown);
      }
  fputs ("\r\033[K", stderr);
  return NULL;
}

MfProgress *
mf_progress_start (const char *what, MfTraffic *traffic)
{
  MfProgress *self = g_new0 (MfProgress, 1);

  self->what = g_strdup (what);
  self->traffic = traffic;
  self->start_us = g_get_monotonic_time ();
  self->end = g_async_queue_new ();
  if (isatty (STDERR_FILENO))
    self->thread = g_thread_new ("progress", run, self);
  return self;
}

void
mf_progress_stop (MfProgress *self)
{
  g_async_queue_push (self->end, self);
  if (self->thread != NULL)
    g_thread_join (self->thread);
  g_async_queue_unref (self->end);
  g_free (self->what);
  g_free (self);
}
