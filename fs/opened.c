#include "fs/opened.h"

struct _MfOpened
{
  GMutex mutex;
  GHashTable *ends; /* handle -> GDestroyNotify; guarded by mutex */
};

MfOpened *
mf_opened_new (void)
{
  MfOpened *self = g_new0 (MfOpened, 1);

  g_mutex_init (&self->mutex);
  self->ends = g_hash_table_new (NULL, NULL);
  return self;
}

void
mf_opened_free (MfOpened *self)
{
  g_hash_table_unref (self->ends);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
mf_opened_add (MfOpened *self, gpointer handle, GDestroyNotify end)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_hash_table_insert (self->ends, handle, end);
}

void
mf_opened_remove (MfOpened *self, gpointer handle)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_hash_table_remove (self->ends, handle);
}

/* Without the lock, which a handle takes when it goes. */
void
mf_opened_end (MfOpened *self)
{
  g_autoptr (GHashTable) ends = NULL;
  GHashTableIter iter;
  gpointer handle, end;

  g_mutex_lock (&self->mutex);
  ends = g_steal_pointer (&self->ends);
  self->ends = g_hash_table_new (NULL, NULL);
  g_mutex_unlock (&self->mutex);

  g_hash_table_iter_init (&iter, ends);
  while (g_hash_table_iter_next (&iter, &handle, &end))
    ((GDestroyNotify) end) (handle);
}
