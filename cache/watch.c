/* The worker that notices: IDLE on INBOX, what the server announces of the other
 * folders, a poll of them, and a new session after a loss. */
#include "cache/engine.h"
#include "cache/error.h"
#include "cache/folders.h"
#include "cache/idling.h"
#include "cache/lookouts.h"

#define MOST_STRANGERS 1000
/* So many running may be lost before the server has listed: it may just be restarting. */
#define MOST_USELESS 1
/* A session that ends sooner is no reason to open the next at once. */
#define SHORT_LIFE_US (2 * G_USEC_PER_SEC)
#define REST_FIRST_MS 250
#define MOST_DOUBLINGS 4 /* while it rests nobody sees whether the server is there */

typedef struct
{
  MfEngine *engine;
  MfLink *link;
  gboolean was_lost; /* there may be news of a time without a session */
  guint useless;     /* sessions lost since the server has listed */
  gint64 opened_us;
  guint short_lives; /* running */
  gint64 asked_us;   /* for announcements, monotonic; 0: never in this session */
  gboolean is_told;  /* it has them */
  GHashTable *strangers; /* announced mailboxes that are none of our folders */
} Watch;

/* Sleeps until it is time to try again, or somebody else has got through. */
static void
wait_for_retry (MfEngine *engine)
{
  g_mutex_lock (&engine->lock);
  while (!engine->stopping && !engine->online
         && g_get_monotonic_time () < engine->retry_at_us)
    if (!mf_engine_hang_up (engine, MF_WORKER_WATCH))
      g_cond_wait_until (&engine->changed, &engine->lock, engine->retry_at_us);
  g_mutex_unlock (&engine->lock);
}

static gboolean
is_offline (MfEngine *engine)
{
  g_mutex_lock (&engine->lock);
  gboolean offline = !engine->online;
  g_mutex_unlock (&engine->lock);
  return offline;
}

/* Another worker has lost its session; ours tells whether the server is there. */
static void
come_back (Watch *self)
{
  g_autoptr (GError) error = NULL;

  wait_for_retry (self->engine);
  if (mf_engine_is_stopping (self->engine) || !mf_link_is_open (self->link))
    return;
  if (!self->engine->ops->noop (self->link->remote, self->link->cancellable, &error))
    mf_link_check (self->link, error);
  if (mf_link_is_open (self->link))
    mf_engine_set_online (self->engine);
}

static gint64
poll_time (MfEngine *engine)
{
  g_mutex_lock (&engine->lock);
  gint64 at = engine->poll_at_us;
  g_mutex_unlock (&engine->lock);
  return at;
}

static void
set_poll_time (MfEngine *engine, gint64 at_us)
{
  g_mutex_lock (&engine->lock);
  engine->poll_at_us = at_us;
  g_mutex_unlock (&engine->lock);
}

/* Where the server has quotas; that it tells none is no harm. */
static gboolean
ask_quota (Watch *self, GError **error)
{
  MfEngine *engine = self->engine;
  MfQuota quota = { 0 };
  GError *local = NULL;

  if (!engine->ops->quota (self->link->remote, "INBOX", &quota, self->link->cancellable, &local))
    {
      mf_link_check (self->link, local);
      if (mf_link_is_open (self->link))
        g_clear_error (&local);
      else
        g_propagate_error (error, local);
      return local == NULL;
    }
  g_mutex_lock (&engine->lock);
  engine->quota = quota;
  g_mutex_unlock (&engine->lock);
  return TRUE;
}

static gboolean
can_be_told (Watch *self)
{
  return (self->engine->ops->caps (self->link->remote) & MF_CAP_NOTIFY) != 0;
}

/* Before everything is listed, so that nothing is missed in between; and again from time
 * to time, since a server may have given it up.  One that refuses is polled, and so is one
 * whose session is another worker's, which takes no announcements. */
static gboolean
ask_for_announcements (Watch *self, GError **error)
{
  MfEngine *engine = self->engine;
  gint64 now_us = g_get_monotonic_time ();
  g_autoptr (GError) local = NULL;

  if (self->link != engine->links[MF_WORKER_WATCH] || !can_be_told (self)
      || (self->asked_us != 0
          && now_us < self->asked_us + (gint64) engine->options->poll_s * G_USEC_PER_SEC))
    return TRUE;
  self->asked_us = now_us;
  self->is_told = engine->ops->announce (self->link->remote, self->link->cancellable, &local);
  if (self->is_told || !mf_error_is_passing (local))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
poll_tree (Watch *self, GError **error)
{
  g_autoptr (GArray) stale = g_array_new (FALSE, FALSE, sizeof (MfFolderId));

  if (!ask_for_announcements (self, error))
    return FALSE;
  if (!mf_engine_list_folders (self->engine, self->link, FALSE, stale, error))
    return FALSE;
  mf_engine_pull_later (self->engine, stale);
  mf_engine_pull_new_again (self->engine);
  mf_engine_end_backoff (self->engine);
  self->useless = 0;
  return TRUE;
}

static GCancellable *
arm_wake (MfEngine *engine)
{
  g_mutex_lock (&engine->lock);
  if (!engine->stopping && engine->online)
    g_cancellable_reset (engine->wake_watch);
  GCancellable *wake = g_object_ref (engine->wake_watch);
  g_mutex_unlock (&engine->lock);
  return wake;
}

/* Without IDLE there is only the poll. */
static void
sleep_until_poll (MfEngine *engine)
{
  g_mutex_lock (&engine->lock);
  if (!engine->stopping && engine->online)
    g_cond_wait_until (&engine->changed, &engine->lock, engine->poll_at_us);
  g_mutex_unlock (&engine->lock);
}

/* A name that is not in the tree is a reason to list it: once, for it may be one
 * that is not shown. */
static gboolean
is_new_stranger (Watch *self, const char *mailbox)
{
  if (g_hash_table_size (self->strangers) >= MOST_STRANGERS)
    g_hash_table_remove_all (self->strangers);
  return g_hash_table_add (self->strangers, g_strdup (mailbox));
}

/* What was announced of other folders. */
static void
follow_others (Watch *self, const MfHeard *heard)
{
  gboolean tree = heard->tree;
  GHashTableIter iter;
  gpointer mailbox;

  if (heard->mailboxes != NULL)
    g_hash_table_iter_init (&iter, heard->mailboxes);
  while (heard->mailboxes != NULL && g_hash_table_iter_next (&iter, &mailbox, NULL))
    {
      g_auto (MfFolder) folder = { 0 };

      if (!mf_folders_get_mailbox (self->engine->db, mailbox, &folder, NULL))
        tree |= is_new_stranger (self, mailbox);
      else
        mf_engine_pull_if_listed (self->engine, folder.id);
    }
  if (tree)
    set_poll_time (self->engine, 0);
}

/* INBOX is not among the folders that are shown. */
static gboolean
watch_others_alone (Watch *self)
{
  mf_lookouts_set_needed (self->engine->lookouts, TRUE, 0);
  sleep_until_poll (self->engine);
  return TRUE;
}

static gboolean
watch_inbox (Watch *self, GError **error)
{
  MfEngine *engine = self->engine;
  g_auto (MfFolder) inbox = { 0 };
  g_auto (MfHeard) heard = { 0 };

  if (!mf_folders_get_child (engine->db, MF_FOLDER_ROOT, "INBOX", &inbox, NULL))
    return watch_others_alone (self);
  mf_lookouts_set_needed (engine->lookouts, !self->is_told, inbox.id);
  /* In this order: who wants a look at once sets the time before waking us. */
  g_autoptr (GCancellable) wake = arm_wake (engine);
  if (!mf_idling_wait (engine, self->link, &inbox, poll_time (engine), wake, &heard, error))
    return FALSE;
  follow_others (self, &heard);
  return !heard.here || mf_idling_follow (engine, self->link, inbox.id, error);
}

static gboolean
can_idle (Watch *self)
{
  return (self->engine->ops->caps (self->link->remote) & MF_CAP_IDLE) != 0;
}

static gboolean
watch_once (Watch *self, GError **error)
{
  if (g_get_monotonic_time () >= poll_time (self->engine) && !poll_tree (self, error))
    return FALSE;
  if (can_idle (self))
    return watch_inbox (self, error);
  sleep_until_poll (self->engine);
  return TRUE;
}

/* Nobody else uses it. */
static gboolean
open_session (Watch *self)
{
  MfLink *link = mf_engine_take_link (self->engine, MF_WORKER_WATCH, NULL, NULL);

  if (link != NULL)
    mf_link_give (link);
  return link == self->link;
}

/* There is no session for watching, only for a look now and then. */
static void
poll_by_another (Watch *self)
{
  MfEngine *engine = self->engine;
  Watch other = { engine, mf_engine_take_link (engine, MF_WORKER_WATCH, NULL, NULL) };
  g_autoptr (GError) error = NULL;

  if (other.link == NULL)
    return;
  if (is_offline (engine))
    come_back (&other);
  else if (g_get_monotonic_time () >= poll_time (engine) && !poll_tree (&other, &error))
    mf_link_check (other.link, error);
  mf_link_give (other.link);
  sleep_until_poll (engine);
}

/* Without IDLE and MODSEQ nothing else would tell of its flags. */
static void
look_at_inbox (MfEngine *engine)
{
  g_auto (MfFolder) inbox = { 0 };

  if (mf_folders_get_child (engine->db, MF_FOLDER_ROOT, "INBOX", &inbox, NULL) && inbox.known)
    mf_engine_pull_soon (engine, inbox.id);
}

static gboolean
begin_session (Watch *self, GError **error)
{
  self->opened_us = g_get_monotonic_time ();
  self->asked_us = 0;
  self->is_told = FALSE;
  if (self->was_lost)
    set_poll_time (self->engine, 0);
  self->was_lost = TRUE;
  if (!can_idle (self))
    look_at_inbox (self->engine);
  if (!ask_quota (self, error) || !ask_for_announcements (self, error))
    return FALSE;
  if (self->is_told) /* of what comes from now on: what came since the mount is looked for */
    set_poll_time (self->engine, 0);
  return TRUE;
}

static void
rest_after_short_life (Watch *self)
{
  MfEngine *engine = self->engine;
  gint64 until_us = g_get_monotonic_time ()
                    + 1000 * ((gint64) REST_FIRST_MS << MIN (self->short_lives, MOST_DOUBLINGS));

  self->short_lives++;
  g_mutex_lock (&engine->lock);
  while (!engine->stopping && engine->online
         && g_cond_wait_until (&engine->changed, &engine->lock, until_us))
    continue;
  g_mutex_unlock (&engine->lock);
}

/* A server that lets us in twice and does nothing for us is away, else opening the next
 * session would go on and on. */
static void
take_failure (Watch *self, const GError *error)
{
  mf_link_check (self->link, error);
  if (mf_link_is_open (self->link))
    sleep_until_poll (self->engine);
  else if (++self->useless > MOST_USELESS
           || g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY))
    mf_engine_set_offline (self->engine, error);
  else if (g_get_monotonic_time () < self->opened_us + SHORT_LIFE_US)
    rest_after_short_life (self);
  else
    self->short_lives = 0;
}

static void
run (Watch *self)
{
  g_autoptr (GError) error = NULL;

  if (!mf_link_is_open (self->link))
    {
      wait_for_retry (self->engine);
      if (mf_engine_is_stopping (self->engine))
        return;
      if (mf_engine_shares_link (self->engine, MF_WORKER_WATCH))
        {
          poll_by_another (self);
          return;
        }
      if (!open_session (self))
        return;
      if (!begin_session (self, &error))
        {
          take_failure (self, error);
          return;
        }
    }
  if (is_offline (self->engine))
    {
      come_back (self);
      return;
    }
  if (!watch_once (self, &error))
    take_failure (self, error);
}

gpointer
mf_watch_run (gpointer data)
{
  MfEngine *engine = data;
  g_autoptr (GHashTable) strangers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Watch self = { .engine = engine, .link = engine->links[MF_WORKER_WATCH], .strangers = strangers };

  while (!mf_engine_is_stopping (engine))
    run (&self);
  return NULL;
}
