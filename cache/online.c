/* Whether there is a server: by what the workers find out, and by the user's wish. */
#include "cache/backoff.h"
#include "cache/engine.h"
#include "cache/error.h"
#include "cache/lookouts.h"

#include <string.h>

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MOST_MS 60000
#define SHARE_S 120

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
  if (news)
    memset (self->shares_until_us, 0, sizeof self->shares_until_us); /* it may be another server */
  if (!self->unwanted)
    {
      self->online = TRUE;
      if (self->unlisted_until_us == G_MAXINT64)
        self->unlisted_until_us
            = g_get_monotonic_time () + 1000 * (gint64) self->account->timeout_ms;
      g_clear_pointer (&self->trouble, g_free);
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->lock);
  if (news)
    tell_state (self);
}

void
mf_engine_end_backoff (MfEngine *self)
{
  g_mutex_lock (&self->lock);
  self->backoff_ms = 0;
  g_mutex_unlock (&self->lock);
}

/* With the lock.  Workers that lose their sessions together are one failure, and
 * what is told to be offline is so for no other reason. */
static void
note_trouble (MfEngine *self, const GError *error, gboolean was_online)
{
  gint64 now_us = g_get_monotonic_time ();

  if (self->unwanted)
    {
      self->retry_at_us = G_MAXINT64;
      return;
    }
  g_free (self->trouble);
  self->trouble = g_strdup (error->message);
  guint wait_ms = was_online || now_us >= self->retry_at_us
                      ? mf_backoff_next_ms (&self->backoff_ms, BACKOFF_FIRST_MS, BACKOFF_MOST_MS)
                      : 0;
  wait_ms = MAX (wait_ms, mf_remote_error_backoff_ms (error));
  self->retry_at_us = MAX (self->retry_at_us, now_us + 1000 * (gint64) wait_ms);
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
  self->unlisted_until_us = G_MAXINT64;
  self->poll_at_us = 0; /* whoever comes back lists the folders */
  note_trouble (self, error, news);
  g_queue_clear_full (self->front_pulls, g_free);
  g_queue_clear_full (self->wanted, g_free);
  GArray *folder_waits = mf_waiters_take_all (self->folder_waits);
  GArray *body_waits = mf_waiters_take_all (self->body_waits);
  GArray *push_waits = mf_engine_take_push_waits (self, 0);
  GArray *fresh_waits = mf_waiters_take_all (self->fresh_waits);
  g_cancellable_cancel (self->wake_watch);
  mf_lookouts_close (self->lookouts, 0);
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

/* ---- sessions --------------------------------------------------------- */

/* Of few sessions the last to be given up beside the front's is that of the watch, for
 * IDLE needs one alone. */
gboolean
mf_engine_has_link (const MfEngine *self, MfWorkerKind kind)
{
  static const guint ranks[MF_N_WORKERS] = {
    [MF_WORKER_FRONT] = 0,
    [MF_WORKER_WATCH] = 1,
    [MF_WORKER_PUSH] = 2,
    [MF_WORKER_BACK] = 3,
  };
  guint most = self->options->connections;

  return most == 0 || ranks[kind] < most;
}

/* With the lock: by the user's wish or the server's. */
static gboolean
shares (MfEngine *self, MfWorkerKind kind)
{
  return !mf_engine_has_link (self, kind)
         || g_get_monotonic_time () < self->shares_until_us[kind];
}

gboolean
mf_engine_shares_link (MfEngine *self, MfWorkerKind kind)
{
  g_mutex_lock (&self->lock);
  gboolean result = shares (self, kind);
  g_mutex_unlock (&self->lock);
  return result;
}

/* With the lock. */
static void
let_share (MfEngine *self, MfWorkerKind kind)
{
  self->shares_until_us[kind] = g_get_monotonic_time () + SHARE_S * G_USEC_PER_SEC;
}

/* Others have got through, so this one is too many: TRUE when it uses the front's
 * from now on.  If it is the front itself, the others make room. */
static gboolean
crowd_out (MfEngine *self, MfWorkerKind kind, const GError *why)
{
  if (!g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY))
    return FALSE;
  g_mutex_lock (&self->lock);
  gboolean crowded = self->online;
  for (int other = 0; crowded && other < MF_N_WORKERS; other++)
    if (other != MF_WORKER_FRONT && (other == (int) kind || kind == MF_WORKER_FRONT))
      let_share (self, other);
  if (crowded)
    mf_lookouts_close (self->lookouts, 2 * SHARE_S);
  g_mutex_unlock (&self->lock);
  return crowded && kind != MF_WORKER_FRONT;
}

MfLink *
mf_engine_take_link (MfEngine *self, MfWorkerKind kind, gboolean *out_fresh, GError **error)
{
  MfWorkerKind whose = mf_engine_shares_link (self, kind) ? MF_WORKER_FRONT : kind;
  MfLink *link = self->links[whose];
  GError *local = NULL;

  mf_lookouts_take_link (self->lookouts, link);
  gboolean fresh = !mf_link_is_open (link);
  if (!fresh || (may_connect (self, &local) && mf_link_open (link, &local)))
    {
      if (fresh)
        mf_engine_set_online (self);
      if (out_fresh != NULL)
        *out_fresh = fresh;
      return link;
    }
  mf_link_give (link);
  if (crowd_out (self, whose, local))
    {
      g_error_free (local);
      return mf_engine_take_link (self, kind, out_fresh, error);
    }
  mf_engine_set_offline (self, local);
  g_propagate_error (error, local);
  return NULL;
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
  g_mutex_lock (&self->lock);
  mf_lookouts_cancel (self->lookouts);
  g_mutex_unlock (&self->lock);
}

void
mf_engine_go_online (MfEngine *self)
{
  g_mutex_lock (&self->lock);
  for (int kind = 0; kind < MF_N_WORKERS && self->unwanted && !self->stopping; kind++)
    g_cancellable_reset (self->links[kind]->cancellable);
  if (self->unwanted && !self->stopping)
    mf_lookouts_reset (self->lookouts);
  self->unwanted = FALSE;
  self->retry_at_us = 0;
  self->backoff_ms = 0;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
mf_engine_look_now (MfEngine *self)
{
  g_mutex_lock (&self->lock);
  if (self->online)
    {
      self->poll_at_us = 0;
      g_cancellable_cancel (self->wake_watch);
    }
  else if (!self->unwanted)
    {
      self->retry_at_us = 0;
      self->backoff_ms = 0;
    }
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gboolean
mf_engine_hang_up (MfEngine *self, MfWorkerKind kind)
{
  MfLink *link = self->links[kind];

  /* What somebody is using is cancelled, and dropped by him. */
  if ((!self->unwanted && !shares (self, kind)) || !mf_link_try_take (link))
    return FALSE;
  gboolean open = mf_link_is_open (link);
  if (open)
    {
      g_mutex_unlock (&self->lock);
      mf_link_drop (link);
      g_mutex_lock (&self->lock);
    }
  mf_link_give (link);
  return open;
}
