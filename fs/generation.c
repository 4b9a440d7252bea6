#include "fs/generation.h"

struct _MfGenerations
{
  GMutex mutex;
  GHashTable *numbers; /* MfMsgId -> guint; guarded by mutex */
};

MfGenerations *
mf_generations_new (void)
{
  MfGenerations *self = g_new0 (MfGenerations, 1);

  g_mutex_init (&self->mutex);
  self->numbers = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return self;
}

void
mf_generations_free (MfGenerations *self)
{
  g_hash_table_unref (self->numbers);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

guint
mf_generations_get (MfGenerations *self, MfMsgId id)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return GPOINTER_TO_UINT (g_hash_table_lookup (self->numbers, &id));
}

void
mf_generations_raise (MfGenerations *self, MfMsgId id)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (self->numbers, &id));

  g_hash_table_replace (self->numbers, g_memdup2 (&id, sizeof id), GUINT_TO_POINTER (number + 1));
}
