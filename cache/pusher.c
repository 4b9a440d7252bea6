/* The worker that sends the journal: waits until a burst of changes is over, so
 * that a thousand become a few commands, then works until nothing is left. */
#include "cache/adopt.h"
#include "cache/engine.h"
#include "cache/error.h"
#include "cache/group.h"
#include "cache/pending.h"
#include "cache/push.h"
#include "cache/recover.h"

#define QUIET_US (50 * 1000)    /* no change for so long, */
#define PATIENCE_US (G_USEC_PER_SEC) /* or the first is so old */

#define AGAIN_US G_USEC_PER_SEC      /* what could not be sent is tried again after it */

typedef struct
{
  MfEngine *engine;
  MfLink *link; /* of the run under way */
  MfBodyWriter *writer;
  GError *hidden;        /* (nullable) of the last run, see recover.h */
  MfSeq stuck;           /* what a run has left behind while somebody waited for it, */
  gint64 stuck_since_us; /* monotonic */
} Pusher;

/* With the lock: TRUE when it is time to send. */
static gboolean
wait_for_changes (MfEngine *engine)
{
  if (mf_engine_hang_up (engine, MF_WORKER_PUSH))
    return FALSE;
  if (!engine->online || engine->first_change_us == 0)
    {
      g_cond_wait (&engine->changed, &engine->lock);
      return FALSE;
    }
  gint64 now = g_get_monotonic_time ();
  if (now < engine->unlisted_until_us)
    {
      g_cond_wait_until (&engine->changed, &engine->lock, engine->unlisted_until_us);
      return FALSE;
    }
  gint64 due = MIN (engine->last_change_us + QUIET_US, engine->first_change_us + PATIENCE_US);
  /* The end waits for no quiet time, but for what is to be tried again later. */
  if (now < due && !(engine->draining && engine->first_change_us <= now))
    {
      g_cond_wait_until (&engine->changed, &engine->lock, due);
      return FALSE;
    }
  return TRUE;
}

/* Who waited for entries that are all answered now. */
static void
tell_pushed (MfEngine *engine)
{
  MfSeq first = mf_pending_first (engine->db);
  MfSeq first_free = mf_group_first_free (engine->db, engine->drafts);

  g_mutex_lock (&engine->lock);
  GArray *waits = mf_waiters_take_below (engine->push_waits, first);
  GArray *own_waits = mf_waiters_take_below (engine->own_waits, first_free);
  g_mutex_unlock (&engine->lock);
  mf_waiters_call (waits, NULL);
  mf_waiters_call (own_waits, NULL);
}

/* That an uploaded draft cannot be made a cached body is no failure to push. */
static void
adopt (Pusher *self)
{
  g_autoptr (GError) error = NULL;

  if (!mf_adopt_run (self->engine, self->writer, &error))
    mf_engine_tell_trouble (self->engine, error->message);
}

/* All up to @last is answered, and what came since has a quiet time of its own: else a
 * script that is faster than the line would have a command for each round trip. */
static gboolean
is_next_burst (Pusher *self, MfSeq last)
{
  MfEngine *engine = self->engine;

  g_mutex_lock (&engine->lock);
  gboolean more = engine->first_change_us != 0 && !engine->draining;
  g_mutex_unlock (&engine->lock);
  return more && mf_pending_first (engine->db) > last;
}

static gboolean
push_all (Pusher *self, gboolean of_all_bursts, GError **error)
{
  MfEngine *engine = self->engine;
  MfLink *link = self->link;
  MfSeq last = mf_pending_last (engine->db);
  gboolean sent = TRUE;

  while (sent && !mf_engine_is_stopping (engine)
         && (of_all_bursts || !is_next_burst (self, last)))
    {
      g_clear_error (&self->hidden);
      if (!mf_recover_run (engine, link, &self->hidden, error))
        return FALSE;
      mf_engine_settled (engine);
      if (!mf_push_run (engine, link, &sent, error))
        return FALSE;
      tell_pushed (engine);
    }
  adopt (self);
  return TRUE;
}

/* ---- bringing everything up to date ------------------------------------ */

static gboolean
pull (Pusher *self, MfFolderId folder, GError **error)
{
  MfEngine *engine = self->engine;
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  g_autoptr (GError) mapped = NULL;
  MfSettle settle = mf_engine_settle (engine, news);
  GError *local = NULL;

  if (!mf_engine_wait_pull (engine, folder))
    return TRUE;
  if (mf_pull_folder (&settle, self->link, folder, &local))
    {
      mf_engine_end_pull (engine, folder, NULL);
      return TRUE;
    }
  mapped = g_error_copy (local);
  mf_error_from_remote (&mapped);
  mf_engine_end_pull (engine, folder, mapped);
  g_propagate_error (error, local);
  return FALSE;
}

static gboolean
refresh (Pusher *self, GError **error)
{
  g_autoptr (GArray) stale = g_array_new (FALSE, FALSE, sizeof (MfFolderId));

  if (!mf_engine_list_folders (self->engine, self->link, TRUE, stale, error))
    return FALSE;
  for (guint i = 0; i < stale->len; i++)
    if (!pull (self, g_array_index (stale, MfFolderId, i), error))
      return FALSE;
  return TRUE;
}

/* ---- the run ---------------------------------------------------------- */

/* @out_lost: with the session; @out_stale: which may have been dead for long. */
static gboolean
run_once (Pusher *self, gboolean and_refresh, gboolean *out_lost, gboolean *out_stale,
          GError **error)
{
  GError *local = NULL;
  gboolean fresh = FALSE;

  *out_lost = *out_stale = FALSE;
  self->link = mf_engine_take_link (self->engine, MF_WORKER_PUSH, &fresh, error);
  if (self->link == NULL)
    return FALSE;
  if (!push_all (self, and_refresh, &local) || (and_refresh && !refresh (self, &local)))
    {
      mf_link_check (self->link, local);
      *out_lost = !mf_link_is_open (self->link);
      *out_stale = *out_lost && !fresh;
      g_propagate_error (error, local);
    }
  mf_link_give (self->link);
  return local == NULL;
}

/* The server wants something to be done later. */
static void
tell_waiting (MfEngine *engine, const GError *mapped)
{
  mf_engine_tell_trouble (engine, mapped->message);
  g_mutex_lock (&engine->lock);
  GArray *push_waits = mf_engine_take_push_waits (engine, 0);
  g_mutex_unlock (&engine->lock);
  mf_waiters_call (push_waits, mapped);
}

/* With the lock.  It may be sent later: when who writes a file has closed it, or when
 * another worker has found a message again. */
static gboolean
may_wait (Pusher *self)
{
  MfEngine *engine = self->engine;
  gint64 now_us = g_get_monotonic_time ();
  gint64 most_us = 1000 * (gint64) engine->account->timeout_ms;
  MfSeq first = mf_pending_first (engine->db);

  if (first != self->stuck)
    {
      self->stuck = first;
      self->stuck_since_us = now_us;
    }
  else if (self->hidden != NULL || now_us >= self->stuck_since_us + most_us)
    return FALSE;
  if (engine->first_change_us == 0)
    engine->first_change_us = engine->last_change_us = now_us + AGAIN_US;
  return TRUE;
}

/* Who waits for what could not be sent now does not wait for ever. */
static void
look_after_waiters (Pusher *self)
{
  MfEngine *engine = self->engine;
  GArray *given_up = NULL;

  g_mutex_lock (&engine->lock);
  if (!mf_engine_has_push_waits (engine))
    self->stuck = 0;
  else if (!may_wait (self))
    given_up = mf_engine_take_push_waits (engine, 0);
  g_mutex_unlock (&engine->lock);
  if (given_up == NULL)
    return;
  self->stuck = 0;
  g_autoptr (GError) why = self->hidden != NULL
                               ? g_error_copy (self->hidden)
                               : g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_BUSY,
                                                      "a change cannot be sent yet: its file is"
                                                      " open, or its message is looked for");
  mf_error_from_remote (&why);
  mf_waiters_call (given_up, why);
}

/* @fresh (nullable): those who came before it and wait for the server's news too. */
static void
push (Pusher *self, GArray *fresh)
{
  MfEngine *engine = self->engine;
  g_autoptr (GError) error = NULL;
  gboolean lost, stale;
  gboolean ok = run_once (self, fresh != NULL, &lost, &stale, &error);

  if (stale && !mf_engine_is_stopping (engine))
    {
      g_clear_error (&error);
      ok = run_once (self, fresh != NULL, &lost, &stale, &error);
    }
  if (!ok)
    {
      mf_engine_push_later (engine, error);
      if (lost)
        mf_engine_set_offline (engine, error);
      mf_error_from_remote (&error);
      if (!lost && self->link != NULL)
        tell_waiting (engine, error);
    }
  else
    look_after_waiters (self);
  mf_waiters_call (fresh, error);
}

gpointer
mf_pusher_run (gpointer data)
{
  MfEngine *engine = data;
  g_autoptr (MfBodyWriter) writer = mf_bodywriter_new (engine->bodies);
  Pusher self = { engine, NULL, writer, NULL, 0, 0 };

  g_mutex_lock (&engine->lock);
  while (!engine->stopping)
    {
      if (!wait_for_changes (engine))
        continue;
      engine->first_change_us = 0;
      GArray *fresh = mf_waiters_take (engine->fresh_waits, 0);
      g_mutex_unlock (&engine->lock);
      push (&self, fresh);
      g_mutex_lock (&engine->lock);
      engine->pushes++;
      g_cond_broadcast (&engine->changed);
    }
  g_mutex_unlock (&engine->lock);
  g_clear_error (&self.hidden);
  return NULL;
}
