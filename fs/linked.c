#include "fs/linked.h"

struct _MfLinked
{
  GMutex mutex;
  GHashTable *ids; /* "FOLDER/NAME" -> MfMsgId; guarded by mutex */
};

MfLinked *
mf_linked_new (void)
{
  MfLinked *self = g_new0 (MfLinked, 1);

  g_mutex_init (&self->mutex);
  self->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
mf_linked_free (MfLinked *self)
{
  g_hash_table_unref (self->ids);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static char *
make_key (MfFolderId folder, const char *name)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT "/%s", folder, name);
}

void
mf_linked_add (MfLinked *self, MfFolderId folder, const char *name, MfMsgId id)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_hash_table_insert (self->ids, make_key (folder, name), g_memdup2 (&id, sizeof id));
}

gboolean
mf_linked_remove (MfLinked *self, MfFolderId folder, const char *name)
{
  g_autofree char *key = make_key (folder, name);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_hash_table_remove (self->ids, key);
}

MfMsgId
mf_linked_find (MfLinked *self, MfFolderId folder, const char *name)
{
  g_autofree char *key = make_key (folder, name);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  MfMsgId *id = g_hash_table_lookup (self->ids, key);

  return id != NULL ? *id : 0;
}

guint
mf_linked_count (MfLinked *self, MfMsgId id)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GHashTableIter iter;
  gpointer value;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->ids);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    n += *(MfMsgId *)value == id;
  return n;
}
