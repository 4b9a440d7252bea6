#include "fs/signals.h"

#include <pthread.h>
#include <signal.h>

/* Sent by mf_signals_stop() to the thread alone. */
#define STOP_SIGNAL SIGUSR1

struct _MfSignals
{
  MfSignalFunc func;
  gpointer user_data;
  pthread_t thread;
  gint stopping; /* atomic */
};

static void
fill (sigset_t *set)
{
  sigemptyset (set);
  sigaddset (set, SIGTERM);
  sigaddset (set, SIGINT);
  sigaddset (set, SIGHUP);
  sigaddset (set, STOP_SIGNAL);
}

void
mf_signals_block (void)
{
  sigset_t set;

  fill (&set);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  signal (SIGPIPE, SIG_IGN);
}

static void *
run (void *data)
{
  MfSignals *self = data;
  sigset_t set;
  int number;

  fill (&set);
  while (!g_atomic_int_get (&self->stopping) && sigwait (&set, &number) == 0)
    if (number != STOP_SIGNAL)
      self->func (self->user_data);
  return NULL;
}

MfSignals *
mf_signals_start (MfSignalFunc func, gpointer user_data)
{
  MfSignals *self = g_new0 (MfSignals, 1);

  self->func = func;
  self->user_data = user_data;
  pthread_create (&self->thread, NULL, run, self);
  return self;
}

void
mf_signals_stop (MfSignals *self)
{
  g_atomic_int_set (&self->stopping, 1);
  pthread_kill (self->thread, STOP_SIGNAL);
  pthread_join (self->thread, NULL);
  g_free (self);
}
