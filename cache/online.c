/* Whether there is a server: by what the workers find out, and by the user's wish. */
#include "cache/engine.h"
#include "cache/error.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MOST_MS 60000

static void
tell_state (MfEngine *self)
{
  MfEvent event = { .type = MF_EVENT_STATE };

  if (self->func != NULL)
    self->func (&event, self->user_data);
}

void
mf_engine_set_online (MfEngine *self)
{
  g_mutex_lock (&self->lock);
  gboolean news = !self->online && !self->unwanted;
  if (!self->unwanted)
    {
      self->online = TRUE;
      self->backoff_ms = 0;
      g_clear_pointer (&self->trouble, g_free);
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->lock);
  if (news)
    tell_state (self);
}

/* Doubles with every failure; a part of it is left to chance, so that many
 * mounts do not come back at once.  The server may ask for more. */
static guint
next_backoff_ms (MfEngine *self, const GError *error)
{
  self->backoff_ms = CLAMP (self->backoff_ms * 2, BACKOFF_FIRST_MS, BACKOFF_MOST_MS);
  guint jittered = self->backoff_ms / 2 + (guint) g_random_int_range (0, (gint32) self->backoff_ms);

  return MAX (jittered, mf_remote_error_backoff_ms (error));
}

/* With the lock: what is told to be offline is so for no other reason. */
static void
note_trouble (MfEngine *self, const GError *error)
{
  if (self->unwanted)
    {
      self->retry_at_us = G_MAXINT64;
      return;
    }
  g_free (self->trouble);
  self->trouble = g_strdup (error->message);
  self->retry_at_us = g_get_monotonic_time () + 1000 * (gint64) next_backoff_ms (self, error);
}

void
mf_engine_set_offline (MfEngine *self, const GError *error)
{
  g_autoptr (GError) mapped = g_error_copy (error);

  mf_error_from_remote (&mapped);
  mapped->code = MF_CACHE_ERROR_OFFLINE;
  g_mutex_lock (&self->lock);
  gboolean news = self->online;
  self->online = FALSE;
  note_trouble (self, error);
  g_queue_clear_full (self->front_pulls, g_free);
  g_queue_clear_full (self->wanted, g_free);
  GArray *folder_waits = mf_waiters_take_all (self->folder_waits);
  GArray *body_waits = mf_waiters_take_all (self->body_waits);
  GArray *push_waits = mf_waiters_take_all (self->push_waits);
  GArray *fresh_waits = mf_waiters_take_all (self->fresh_waits);
  g_cancellable_cancel (self->wake_watch);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);

  mf_waiters_call (folder_waits, mapped);
  mf_waiters_call (body_waits, mapped);
  mf_waiters_call (push_waits, mapped);
  mf_waiters_call (fresh_waits, mapped);
  if (news)
    tell_state (self);
}

static gboolean
may_connect (MfEngine *self, GError **error)
{
  g_mutex_lock (&self->lock);
  if (self->unwanted)
    g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE, self->trouble);
  gboolean may = !self->unwanted;
  g_mutex_unlock (&self->lock);
  return may;
}

gboolean
mf_engine_connect (MfEngine *self, MfWorkerKind kind, GError **error)
{
  GError *local = NULL;

  if (mf_link_is_open (self->links[kind]))
    return TRUE;
  if (may_connect (self, &local) && mf_link_open (self->links[kind], &local))
    {
      mf_engine_set_online (self);
      return TRUE;
    }
  mf_engine_set_offline (self, local);
  g_propagate_error (error, local);
  return FALSE;
}

/* ---- the user's wish -------------------------------------------------- */

void
mf_engine_go_offline (MfEngine *self)
{
  g_autoptr (GError) error = g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE,
                                                  "until online is written to .mailfs/ctl");

  g_mutex_lock (&self->lock);
  self->unwanted = TRUE;
  g_free (self->trouble);
  self->trouble = g_strdup (error->message);
  g_mutex_unlock (&self->lock);
  mf_engine_set_offline (self, error);
  for (int kind = 0; kind < MF_N_WORKERS; kind++)
    g_cancellable_cancel (self->links[kind]->cancellable);
}

void
mf_engine_go_online (MfEngine *self)
{
  g_mutex_lock (&self->lock);
  for (int kind = 0; kind < MF_N_WORKERS && self->unwanted && !self->stopping; kind++)
    g_cancellable_reset (self->links[kind]->cancellable);
  self->unwanted = FALSE;
  self->retry_at_us = 0;
  self->backoff_ms = 0;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gboolean
mf_engine_hang_up (MfEngine *self, MfWorkerKind kind)
{
  if (!self->unwanted || !mf_link_is_open (self->links[kind]))
    return FALSE;
  g_mutex_unlock (&self->lock);
  mf_link_drop (self->links[kind]);
  g_mutex_lock (&self->lock);
  return TRUE;
}
