#include "cache/waiters.h"

typedef struct
{
  MfDone done;
  gpointer user_data;
} Waiter;

struct _MfWaiters
{
  GHashTable *by_id; /* gint64 -> GArray of Waiter */
};

MfWaiters *
mf_waiters_new (void)
{
  MfWaiters *self = g_new0 (MfWaiters, 1);

  self->by_id = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                       (GDestroyNotify) g_array_unref);
  return self;
}

void
mf_waiters_free (MfWaiters *self)
{
  g_hash_table_unref (self->by_id);
  g_free (self);
}

gboolean
mf_waiters_add (MfWaiters *self, gint64 id, MfDone done, gpointer user_data)
{
  Waiter waiter = { done, user_data };
  GArray *list = g_hash_table_lookup (self->by_id, &id);
  gboolean first = list == NULL;

  if (first)
    {
      list = g_array_new (FALSE, FALSE, sizeof (Waiter));
      g_hash_table_insert (self->by_id, g_memdup2 (&id, sizeof id), list);
    }
  g_array_append_val (list, waiter);
  return first;
}

gboolean
mf_waiters_has (MfWaiters *self, gint64 id)
{
  return g_hash_table_contains (self->by_id, &id);
}

guint
mf_waiters_count (MfWaiters *self)
{
  return g_hash_table_size (self->by_id);
}

GArray *
mf_waiters_take (MfWaiters *self, gint64 id)
{
  GArray *list = g_hash_table_lookup (self->by_id, &id);

  if (list != NULL)
    {
      g_array_ref (list);
      g_hash_table_remove (self->by_id, &id);
    }
  return list;
}

/* Those from @first to below @end. */
static GArray *
take_range (MfWaiters *self, gint64 first, gint64 end)
{
  GArray *taken = g_array_new (FALSE, FALSE, sizeof (Waiter));
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (*(gint64 *) key >= first && *(gint64 *) key < end)
      {
        GArray *list = value;
        g_array_append_vals (taken, list->data, list->len);
        g_hash_table_iter_remove (&iter);
      }
  return taken;
}

GArray *
mf_waiters_take_below (MfWaiters *self, gint64 id)
{
  return take_range (self, G_MININT64, id);
}

GArray *
mf_waiters_take_from (MfWaiters *self, gint64 id)
{
  return take_range (self, id, G_MAXINT64);
}

GArray *
mf_waiters_take_all (MfWaiters *self)
{
  return take_range (self, G_MININT64, G_MAXINT64);
}

void
mf_waiters_call (GArray *taken, const GError *error)
{
  if (taken == NULL)
    return;
  for (guint i = 0; i < taken->len; i++)
    {
      Waiter *waiter = &g_array_index (taken, Waiter, i);
      waiter->done (error, waiter->user_data);
    }
  g_array_unref (taken);
}
