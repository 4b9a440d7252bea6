#include "fs/progress.h"

#include <stdio.h>
#include <unistd.h>

#define STEP_US (G_USEC_PER_SEC / 5)
#define PLAIN_STEP_US (5 * G_USEC_PER_SEC)

struct _MfProgress
{
  char *what;
  MfTraffic *traffic;
  gint64 start_us;
  GAsyncQueue *end; /* gets something when it shall end */
  GThread *thread;
};

static gsize
received (const MfProgress *self)
{
  return (gsize)g_atomic_pointer_get (&self->traffic->received_bytes);
}

/* (transfer full) */
static char *
describe (const MfProgress *self, gsize bytes)
{
  gint64 us = MAX (g_get_monotonic_time () - self->start_us, 1);
  gsize folders = (gsize)g_atomic_pointer_get (&self->traffic->mailboxes);
  g_autofree char *amount = g_format_size (bytes);
  g_autofree char *rate = g_format_size ((guint64)((gdouble)bytes * G_USEC_PER_SEC / (gdouble)us));

  return g_strdup_printf ("%s: %" G_GSIZE_FORMAT " folders, %s, %s/s", self->what, folders, amount,
                          rate);
}

/* While nothing comes, somebody may be typing a password on that line. */
static gpointer
run_on_terminal (gpointer data)
{
  MfProgress *self = data;
  gsize shown = 0;

  fputs (self->what, stderr);
  while (g_async_queue_timeout_pop (self->end, STEP_US) == NULL)
    if (received (self) != shown)
      {
        shown = received (self);
        g_autofree char *line = describe (self, shown);
        fprintf (stderr, "\r\033[K%s", line);
      }
  fputs ("\r\033[K", stderr);
  return NULL;
}

static gpointer
run_plainly (gpointer data)
{
  MfProgress *self = data;
  gsize shown = 0;

  while (g_async_queue_timeout_pop (self->end, PLAIN_STEP_US) == NULL)
    if (received (self) != shown)
      {
        shown = received (self);
        g_autofree char *line = describe (self, shown);
        fprintf (stderr, "%s\n", line);
      }
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
  self->thread = g_thread_new ("progress", isatty (STDERR_FILENO) ? run_on_terminal : run_plainly,
                               self);
  return self;
}

void
mf_progress_stop (MfProgress *self)
{
  g_async_queue_push (self->end, self);
  g_thread_join (self->thread);
  g_async_queue_unref (self->end);
  g_free (self->what);
  g_free (self);
}
