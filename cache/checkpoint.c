#include "cache/checkpoint.h"

#include <sqlite3.h>

struct _MfCheckpoint
{
  sqlite3 *handle; /* the thread's own */
  GThread *thread;
  GMutex mutex;
  GCond changed;
  gboolean wanted, stopping; /* guarded by mutex */
};

static gpointer
run (gpointer data)
{
  MfCheckpoint *self = data;

  g_mutex_lock (&self->mutex);
  while (!self->stopping)
    {
      if (!self->wanted)
        {
          g_cond_wait (&self->changed, &self->mutex);
          continue;
        }
      self->wanted = FALSE;
      g_mutex_unlock (&self->mutex);
      /* Not in the way of those who write meanwhile. */
      sqlite3_wal_checkpoint_v2 (self->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
      g_mutex_lock (&self->mutex);
    }
  g_mutex_unlock (&self->mutex);
  return NULL;
}

MfCheckpoint *
mf_checkpoint_start (const char *path, const char *vfs)
{
  sqlite3 *handle = NULL;

  /* Without a first look it does not know that there is a log. */
  if (sqlite3_open_v2 (path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs)
          != SQLITE_OK
      || sqlite3_exec (handle, "PRAGMA user_version", NULL, NULL, NULL) != SQLITE_OK)
    {
      sqlite3_close (handle);
      return NULL;
    }
  MfCheckpoint *self = g_new0 (MfCheckpoint, 1);
  self->handle = handle;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  self->thread = g_thread_new ("checkpoint", run, self);
  return self;
}

void
mf_checkpoint_stop (MfCheckpoint *self)
{
  g_mutex_lock (&self->mutex);
  self->stopping = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->mutex);
  g_thread_join (self->thread);
  sqlite3_close (self->handle);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
mf_checkpoint_wake (MfCheckpoint *self)
{
  g_mutex_lock (&self->mutex);
  self->wanted = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->mutex);
}
