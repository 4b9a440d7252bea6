#include "tests/fake-news.h"

/* With the lock. */
static GHashTable *
count_changes (MfFake *fake)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < fake->mailboxes->len; i++)
    {
      MfFakeMailbox *mailbox = g_ptr_array_index (fake->mailboxes, i);
      g_hash_table_insert (counts, g_strdup (mailbox->name), GUINT_TO_POINTER (mailbox->changes));
    }
  return counts;
}

gboolean
mf_fake_announce (MfRemote *self, GCancellable *cancellable, GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_ANNOUNCE, NULL, cancellable, error))
    return FALSE;
  g_clear_pointer (&self->told, g_hash_table_unref);
  self->told = count_changes (self->fake);
  return mf_fake_session_leave (self, MF_FAKE_ANNOUNCE, error);
}

/* With the lock. */
static void
take_announced (MfRemote *self, MfHeard *out_heard)
{
  GHashTable *now = count_changes (self->fake);
  GHashTableIter iter;
  gpointer name, changes, before;

  out_heard->tree = g_hash_table_size (now) != g_hash_table_size (self->told);
  g_hash_table_iter_init (&iter, now);
  while (g_hash_table_iter_next (&iter, &name, &changes))
    if (!g_hash_table_lookup_extended (self->told, name, NULL, &before))
      out_heard->tree = TRUE;
    else if (before != changes && g_strcmp0 (name, self->mailbox) != 0)
      {
        if (out_heard->mailboxes == NULL)
          out_heard->mailboxes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_add (out_heard->mailboxes, g_strdup (name));
      }
  g_hash_table_unref (self->told);
  self->told = now;
}

/* With the lock. */
static gboolean
take_news (MfRemote *self, MfHeard *out_heard)
{
  MfFakeMailbox *mailbox = mf_fake_session_selected (self);

  out_heard->here = mailbox == NULL || mailbox->changes != self->seen;
  if (mailbox != NULL)
    self->seen = mailbox->changes;
  if (self->told != NULL)
    take_announced (self, out_heard);
  return out_heard->here || out_heard->tree || out_heard->mailboxes != NULL;
}

/* With the lock. */
static gboolean
wait_for_news (MfRemote *self, gint64 until, GCancellable *wake, MfHeard *out_heard,
               GCancellable *cancellable, GError **error)
{
  MfFake *fake = self->fake;

  for (;;)
    {
      if (!mf_fake_session_check (self, cancellable, error))
        return FALSE;
      if (take_news (self, out_heard) || g_cancellable_is_cancelled (wake)
          || !g_cond_wait_until (&fake->changed, &fake->lock, until))
        return TRUE;
    }
}

gboolean
mf_fake_idle (MfRemote *self, guint wait_ms, GCancellable *wake, MfHeard *out_heard,
              GCancellable *cancellable, GError **error)
{
  gint64 until = g_get_monotonic_time () + (gint64)wait_ms * 1000;
  MfFake *fake = self->fake;

  if ((self->caps & MF_CAP_IDLE) == 0)
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_UNSUPPORTED, "no IDLE");
      return FALSE;
    }
  gulong by_wake = wake != NULL ? mf_fake_session_listen (self, wake) : 0;
  gulong by_cancel = cancellable != NULL ? mf_fake_session_listen (self, cancellable) : 0;
  gboolean ok = mf_fake_session_enter_selected (self, MF_FAKE_IDLE, cancellable, error) != NULL;
  if (ok)
    {
      fake->n_held[MF_FAKE_IDLE]++;
      g_cond_broadcast (&fake->changed);
      ok = wait_for_news (self, until, wake, out_heard, cancellable, error);
      fake->n_held[MF_FAKE_IDLE]--;
      g_mutex_unlock (&fake->lock);
    }
  if (wake != NULL)
    g_cancellable_disconnect (wake, by_wake);
  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, by_cancel);
  return ok;
}
