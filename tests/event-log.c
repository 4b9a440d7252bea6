#include "tests/event-log.h"

#define DEADLINE_S 20

struct _MfEventLog
{
  GMutex lock;
  GCond changed;
  GPtrArray *words; /* guarded by lock, as is what follows */
  GHashTable *unseen; /* words -> how often they came and nobody waited for them */
  guint count;
};

MfEventLog *
mf_event_log_new (void)
{
  MfEventLog *self = g_new0 (MfEventLog, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->words = g_ptr_array_new_with_free_func (g_free);
  self->unseen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
mf_event_log_free (MfEventLog *self)
{
  g_hash_table_unref (self->unseen);
  g_ptr_array_unref (self->words);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static char *
describe (const MfEvent *event)
{
  switch (event->type)
    {
    case MF_EVENT_MESSAGE_ADDED:
      return g_strdup_printf ("added %u", event->after->uid);
    case MF_EVENT_MESSAGE_CHANGED:
      g_assert_cmpint (event->before->id, ==, event->after->id);
      return g_strdup_printf ("changed %u", event->after->uid);
    case MF_EVENT_MESSAGE_REMOVED:
      return g_strdup_printf ("removed %u", event->before->uid);
    case MF_EVENT_MESSAGE_SIZE:
      return g_strdup_printf ("size %u", event->after->uid);
    case MF_EVENT_FOLDER_CHANGED:
      return g_strdup_printf ("folder %" G_GINT64_FORMAT, event->folder);
    case MF_EVENT_FOLDER_LISTED:
      return g_strdup_printf ("listed %" G_GINT64_FORMAT, event->folder);
    case MF_EVENT_TREE_CHANGED:
      return g_strdup_printf ("tree %" G_GINT64_FORMAT, event->folder);
    case MF_EVENT_STATE:
      return g_strdup ("state");
    case MF_EVENT_TROUBLE:
      return g_strdup_printf ("trouble: %s", event->text);
    }
  g_assert_not_reached ();
}

void
mf_event_log_func (const MfEvent *event, gpointer log)
{
  MfEventLog *self = log;
  char *words = describe (event);

  g_mutex_lock (&self->lock);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->unseen, words));
  g_hash_table_insert (self->unseen, g_strdup (words), GUINT_TO_POINTER (n + 1));
  g_ptr_array_add (self->words, words);
  self->count++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

char *
mf_event_log_take (MfEventLog *self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->words, NULL);
  char *text = g_strjoinv (", ", (char **) self->words->pdata);
  g_ptr_array_set_size (self->words, 0);
  g_hash_table_remove_all (self->unseen);
  g_mutex_unlock (&self->lock);
  return text;
}

void
mf_event_log_assert (MfEventLog *self, const char *expected)
{
  g_autofree char *words = mf_event_log_take (self);

  g_assert_cmpstr (words, ==, expected);
}

gboolean
mf_event_log_wait (MfEventLog *self, const char *words)
{
  gint64 until = g_get_monotonic_time () + DEADLINE_S * G_USEC_PER_SEC;
  gboolean in_time = TRUE;
  guint n;

  g_mutex_lock (&self->lock);
  while ((n = GPOINTER_TO_UINT (g_hash_table_lookup (self->unseen, words))) == 0 && in_time)
    in_time = g_cond_wait_until (&self->changed, &self->lock, until);
  if (n > 0)
    g_hash_table_insert (self->unseen, g_strdup (words), GUINT_TO_POINTER (n - 1));
  g_mutex_unlock (&self->lock);
  return n > 0;
}

guint
mf_event_log_count (MfEventLog *self)
{
  g_mutex_lock (&self->lock);
  guint count = self->count;
  g_mutex_unlock (&self->lock);
  return count;
}

gboolean
mf_event_log_wait_more (MfEventLog *self, guint than)
{
  gint64 until = g_get_monotonic_time () + DEADLINE_S * G_USEC_PER_SEC;
  gboolean in_time = TRUE;

  g_mutex_lock (&self->lock);
  while (self->count <= than && in_time)
    in_time = g_cond_wait_until (&self->changed, &self->lock, until);
  g_mutex_unlock (&self->lock);
  return in_time;
}
