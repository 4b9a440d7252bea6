#include "cache/engine.h"

#include "cache/error.h"
#include "cache/follow.h"
#include "cache/folders.h"
#include "cache/lookouts.h"
#include "cache/network.h"
#include "cache/pending.h"

#define PUSH_AGAIN_MS 1000

MfEngine *
mf_engine_new (const MfCacheOptions *options, const MfRemoteOps *ops, const MfAccount *account,
               MfDb *db, MfBodies *bodies, MfDrafts *drafts, MfEventFunc func,
               gpointer user_data)
{
  MfEngine *self = g_new0 (MfEngine, 1);

  self->options = options;
  self->ops = ops;
  self->account = account;
  self->db = db;
  self->bodies = bodies;
  self->drafts = drafts;
  self->func = func;
  self->user_data = user_data;
  self->filter = (MfFolderFilter){ options->folders, options->exclude, options->subscribed };
  for (int kind = 0; kind < MF_N_WORKERS; kind++)
    self->links[kind] = mf_link_new (ops, account);
  self->lookouts = mf_lookouts_new (self);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->wake_watch = g_cancellable_new ();
  self->folder_waits = mf_waiters_new ();
  self->body_waits = mf_waiters_new ();
  self->front_pulls = g_queue_new ();
  self->back_pulls = g_queue_new ();
  self->pulling = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->again = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->wanted = g_queue_new ();
  self->in_flight = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->readahead = mf_readahead_new ();
  self->prefetcher = mf_prefetcher_new (options->prefetch);
  self->push_waits = mf_waiters_new ();
  self->own_waits = mf_waiters_new ();
  self->fresh_waits = mf_waiters_new ();
  return self;
}

void
mf_engine_free (MfEngine *self)
{
  mf_lookouts_free (self->lookouts);
  for (int kind = 0; kind < MF_N_WORKERS; kind++)
    mf_link_free (self->links[kind]);
  mf_waiters_free (self->fresh_waits);
  mf_waiters_free (self->own_waits);
  mf_waiters_free (self->push_waits);
  mf_prefetcher_free (self->prefetcher);
  mf_readahead_free (self->readahead);
  g_hash_table_unref (self->in_flight);
  g_queue_free_full (self->wanted, g_free);
  g_hash_table_unref (self->again);
  g_hash_table_unref (self->pulling);
  g_queue_free_full (self->back_pulls, g_free);
  g_queue_free_full (self->front_pulls, g_free);
  mf_waiters_free (self->body_waits);
  mf_waiters_free (self->folder_waits);
  g_object_unref (self->wake_watch);
  g_free (self->trouble);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* ---- starting and stopping -------------------------------------------- */

gboolean
mf_engine_is_stopping (MfEngine *self)
{
  g_mutex_lock (&self->lock);
  gboolean stopping = self->stopping;
  g_mutex_unlock (&self->lock);
  return stopping;
}

MfSettle
mf_engine_settle (MfEngine *self, MfNews *news)
{
  return (MfSettle){ self->db, self->drafts, self->bodies, news };
}

static gboolean
has_index (MfEngine *self)
{
  gint64 n = 0;

  return mf_db_number (self->db, 0, &n, NULL, "SELECT 1 FROM folder WHERE selectable LIMIT 1", "")
         && n != 0;
}

static void
start_threads (MfEngine *self)
{
  self->network = mf_network_start (self);
  self->threads[MF_WORKER_FRONT] = g_thread_new ("front", mf_worker_front, self);
  self->threads[MF_WORKER_BACK] = g_thread_new ("back", mf_worker_back, self);
  self->threads[MF_WORKER_WATCH] = g_thread_new ("watch", mf_watch_run, self);
  self->threads[MF_WORKER_PUSH] = g_thread_new ("push", mf_pusher_run, self);
}

static void
cancel_link (GCancellable *cancellable, gpointer link)
{
  g_cancellable_cancel (((MfLink *) link)->cancellable);
}

static gboolean
list_first (MfEngine *self, GError **error)
{
  g_autoptr (GArray) stale = g_array_new (FALSE, FALSE, sizeof (MfFolderId));
  MfLink *link = mf_engine_take_link (self, MF_WORKER_FRONT, NULL, error);
  GError *local = NULL;

  if (link == NULL)
    return FALSE;
  if (mf_engine_list_folders (self, link, FALSE, stale, &local))
    mf_engine_pull_later (self, stale);
  else
    mf_link_check (link, local);
  mf_link_give (link);
  if (local != NULL)
    g_propagate_error (error, local);
  return local == NULL;
}

static gboolean
first_contact (MfEngine *self, GCancellable *cancellable, GError **error)
{
  MfLink *link = self->links[MF_WORKER_FRONT];
  gulong handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (cancel_link), link, NULL);
  gboolean ok = list_first (self, error);
  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, handler);
  return ok;
}

gboolean
mf_engine_start (MfEngine *self, gboolean *out_online, char **out_why, GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (GError) local = NULL;

  *out_online = first_contact (self, cancellable, &local);
  if (!*out_online)
    {
      gboolean away = !g_cancellable_is_cancelled (cancellable)
                      && (g_error_matches (local, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE)
                          || g_error_matches (local, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY));
      if (!away || !has_index (self))
        {
          mf_error_from_remote (&local);
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      mf_engine_set_offline (self, local);
      *out_why = g_strdup (local->message);
    }
  mf_engine_wake_push (self); /* there may be something from before */
  start_threads (self);
  return TRUE;
}

void
mf_engine_stop (MfEngine *self)
{
  g_autoptr (GError) error
      = g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE, "unmounting");

  g_clear_pointer (&self->network, mf_network_stop);
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cancellable_cancel (self->wake_watch);
  mf_lookouts_cancel (self->lookouts);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  for (int kind = 0; kind < MF_N_WORKERS; kind++)
    g_cancellable_cancel (self->links[kind]->cancellable);
  for (int kind = 0; kind < MF_N_WORKERS; kind++)
    if (self->threads[kind] != NULL)
      g_thread_join (g_steal_pointer (&self->threads[kind]));
  mf_lookouts_join (self->lookouts);
  mf_engine_set_offline (self, error);
}

/* ---- wanting ---------------------------------------------------------- */

static void
push_id (GQueue *queue, gint64 id)
{
  g_queue_push_tail (queue, g_memdup2 (&id, sizeof id));
}

static gboolean
has_id (GQueue *queue, gint64 id)
{
  for (GList *l = queue->head; l != NULL; l = l->next)
    if (*(gint64 *) l->data == id)
      return TRUE;
  return FALSE;
}

/* Called with the lock, which it gives up: nobody waits for a server that is away. */
static void
refuse_offline (MfEngine *self, MfDone done, gpointer user_data)
{
  g_autoptr (GError) error
      = g_error_new (MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE, "offline: %s",
                     self->trouble != NULL ? self->trouble : "not connected");

  g_mutex_unlock (&self->lock);
  done (error, user_data);
}

void
mf_engine_want_folder (MfEngine *self, MfFolderId id, MfDone done, gpointer user_data)
{
  g_mutex_lock (&self->lock);
  if (!self->online || self->stopping)
    {
      refuse_offline (self, done, user_data);
      return;
    }
  if (mf_waiters_add (self->folder_waits, id, done, user_data)
      && !g_hash_table_contains (self->pulling, &id))
    push_id (self->front_pulls, id);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
mf_engine_want_body (MfEngine *self, MfDb *db, const MfMessage *message, MfDone done,
                     gpointer user_data)
{
  MfWantedIn wanted = { { message->id, message->uid, message->wire_size }, message->home };

  g_mutex_lock (&self->lock);
  /* It may have come since the caller looked. */
  if (mf_bodies_has (self->bodies, db, message->id))
    {
      g_mutex_unlock (&self->lock);
      done (NULL, user_data);
      return;
    }
  if (!self->online || self->stopping)
    {
      refuse_offline (self, done, user_data);
      return;
    }
  gboolean first = mf_waiters_add (self->body_waits, message->id, done, user_data)
                   && !g_hash_table_contains (self->in_flight, &message->id);
  if (first && message->uid != 0)
    g_queue_push_tail (self->wanted, g_memdup2 (&wanted, sizeof wanted));
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  if (first && message->uid == 0)
    mf_follow_number (self, message);
}

void
mf_engine_note_open (MfEngine *self, const MfMessage *message)
{
  g_mutex_lock (&self->lock);
  mf_lookouts_note_use (self->lookouts, message->folder);
  if (mf_readahead_note (self->readahead, message) && self->back_rests)
    g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
mf_engine_note_listing (MfEngine *self, MfFolderId id)
{
  g_mutex_lock (&self->lock);
  mf_lookouts_note_use (self->lookouts, id);
  g_mutex_unlock (&self->lock);
}

void
mf_engine_pull_later (MfEngine *self, const GArray *ids)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < ids->len; i++)
    push_id (self->back_pulls, g_array_index (ids, MfFolderId, i));
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
drop_id (GQueue *queue, gint64 id)
{
  for (GList *l = queue->head, *next; l != NULL; l = next)
    {
      next = l->next;
      if (*(gint64 *) l->data == id)
        {
          g_free (l->data);
          g_queue_delete_link (queue, l);
        }
    }
}

gboolean
mf_engine_begin_pull (MfEngine *self, MfFolderId id, gboolean anew)
{
  g_mutex_lock (&self->lock);
  gboolean mine
      = !g_hash_table_contains (self->pulling, &id) && !mf_pending_is_unsettled (self->db, id);
  g_hash_table_add (mine ? self->pulling : self->again, g_memdup2 (&id, sizeof id));
  if (mine && anew)
    drop_id (self->back_pulls, id);
  g_mutex_unlock (&self->lock);
  return mine;
}

/* With the lock: nobody is at the folder any more. */
static void
leave_folder (MfEngine *self, MfFolderId id)
{
  g_hash_table_remove (self->pulling, &id);
  if (g_hash_table_remove (self->again, &id))
    push_id (self->back_pulls, id);
  g_cond_broadcast (&self->changed);
}

void
mf_engine_end_pull (MfEngine *self, MfFolderId id, const GError *error)
{
  g_mutex_lock (&self->lock);
  leave_folder (self, id);
  /* Changes may have waited for their messages to get a number, or have come to
   * nothing while somebody waits for them. */
  if (self->first_change_us == 0
      && (mf_engine_has_push_waits (self) || mf_pending_first (self->db) != G_MAXINT64))
    self->first_change_us = self->last_change_us = g_get_monotonic_time ();
  mf_prefetcher_restart (self->prefetcher);
  GArray *waits = mf_waiters_take (self->folder_waits, id);
  if (waits != NULL && error == NULL)
    mf_lookouts_note_use (self->lookouts, id);
  g_mutex_unlock (&self->lock);
  mf_waiters_call (waits, error);
}

gboolean
mf_engine_wait_pull (MfEngine *self, MfFolderId id)
{
  g_mutex_lock (&self->lock);
  while (!self->stopping && g_hash_table_contains (self->pulling, &id))
    g_cond_wait (&self->changed, &self->lock);
  gboolean mine = !self->stopping;
  if (mine)
    g_hash_table_add (self->pulling, g_memdup2 (&id, sizeof id));
  g_mutex_unlock (&self->lock);
  return mine;
}

void
mf_engine_settled (MfEngine *self)
{
  GHashTableIter iter;
  gpointer key;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->again);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      MfFolderId id = *(MfFolderId *) key;
      if (g_hash_table_contains (self->pulling, &id))
        continue;
      push_id (mf_waiters_has (self->folder_waits, id) ? self->front_pulls : self->back_pulls, id);
      g_hash_table_iter_remove (&iter);
    }
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
mf_engine_release_pull (MfEngine *self, MfFolderId id)
{
  g_mutex_lock (&self->lock);
  leave_folder (self, id);
  if (mf_waiters_has (self->folder_waits, id))
    push_id (self->front_pulls, id);
  g_mutex_unlock (&self->lock);
}

void
mf_engine_pull_soon (MfEngine *self, MfFolderId id)
{
  g_mutex_lock (&self->lock);
  if (!has_id (self->back_pulls, id))
    push_id (self->back_pulls, id);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* With the lock. */
static void
add_again (MfEngine *self, MfFolderId id)
{
  g_hash_table_add (self->again, g_memdup2 (&id, sizeof id));
}

gboolean
mf_engine_pull_again (MfEngine *self, MfFolderId id)
{
  g_mutex_lock (&self->lock);
  gboolean busy = g_hash_table_contains (self->pulling, &id);
  if (busy)
    add_again (self, id);
  g_mutex_unlock (&self->lock);
  return busy;
}

void
mf_engine_pull_if_listed (MfEngine *self, MfFolderId id)
{
  g_auto (MfFolder) folder = { 0 };

  /* In this order: who was at it may have just made it known. */
  if (!mf_engine_pull_again (self, id) && mf_folders_get (self->db, id, &folder, NULL)
      && folder.known)
    mf_engine_pull_soon (self, id);
}

void
mf_engine_pull_new_again (MfEngine *self)
{
  GHashTableIter iter;
  gpointer key;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->pulling);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      MfFolderId id = *(MfFolderId *) key;
      g_auto (MfFolder) folder = { 0 };

      if (mf_folders_get (self->db, id, &folder, NULL) && !folder.known)
        add_again (self, id);
    }
  g_mutex_unlock (&self->lock);
}

/* ---- pushing ---------------------------------------------------------- */

void
mf_engine_wake_push (MfEngine *self)
{
  g_mutex_lock (&self->lock);
  self->last_change_us = g_get_monotonic_time ();
  if (self->first_change_us == 0)
    {
      self->first_change_us = self->last_change_us;
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->lock);
}

void
mf_engine_push_later (MfEngine *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  guint wait_ms = MAX (PUSH_AGAIN_MS, mf_remote_error_backoff_ms (error));
  self->last_change_us = g_get_monotonic_time () + 1000 * (gint64) wait_ms;
  self->first_change_us = self->last_change_us;
  g_mutex_unlock (&self->lock);
}

/* With the lock held or, when this is refused, given up. */
static gboolean
wait_for_push (MfEngine *self, MfWaiters *waits, gint64 id, MfDone done, gpointer user_data)
{
  if (!self->online || self->stopping)
    {
      refuse_offline (self, done, user_data);
      return FALSE;
    }
  mf_waiters_add (waits, id, done, user_data);
  self->last_change_us = 0; /* now, not after a quiet time */
  if (self->first_change_us == 0)
    self->first_change_us = 1;
  g_cond_broadcast (&self->changed);
  return TRUE;
}

void
mf_engine_want_pushed (MfEngine *self, gint64 seq, gboolean own, MfDone done, gpointer user_data)
{
  g_mutex_lock (&self->lock);
  if (wait_for_push (self, own ? self->own_waits : self->push_waits, seq, done, user_data))
    g_mutex_unlock (&self->lock);
}

GArray *
mf_engine_take_push_waits (MfEngine *self, gint64 seq)
{
  GArray *waits = mf_waiters_take_from (self->push_waits, seq);
  g_autoptr (GArray) own = mf_waiters_take_from (self->own_waits, seq);

  g_array_append_vals (waits, own->data, own->len);
  return waits;
}

gboolean
mf_engine_has_push_waits (MfEngine *self)
{
  return mf_waiters_count (self->push_waits) + mf_waiters_count (self->own_waits) > 0;
}

void
mf_engine_want_fresh (MfEngine *self, MfDone done, gpointer user_data)
{
  g_mutex_lock (&self->lock);
  if (wait_for_push (self, self->fresh_waits, 0, done, user_data))
    g_mutex_unlock (&self->lock);
}

void
mf_engine_order_bodies (MfEngine *self, MfFolderId folder, gboolean known)
{
  guint64 room = self->options->cache_size / 10 * 9;

  g_mutex_lock (&self->lock);
  if (!known)
    push_id (self->back_pulls, folder);
  mf_prefetcher_order (self->prefetcher, folder, room);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
mf_engine_tell_trouble (MfEngine *self, const char *text)
{
  MfEvent event = { .type = MF_EVENT_TROUBLE, .text = text };

  if (self->func != NULL)
    self->func (&event, self->user_data);
}

void
mf_engine_tell_refused (MfEngine *self, gint64 seq, const GError *why)
{
  g_autoptr (GError) mapped = g_error_copy (why);
  g_autofree char *text
      = g_strdup_printf ("the server refuses change %" G_GINT64_FORMAT ": %s", seq, why->message);

  mf_engine_tell_trouble (self, text);

  mf_error_from_remote (&mapped);
  g_mutex_lock (&self->lock);
  GArray *waits = mf_engine_take_push_waits (self, seq);
  g_mutex_unlock (&self->lock);
  mf_waiters_call (waits, mapped);
}

void
mf_engine_drain (MfEngine *self, guint seconds)
{
  gint64 until = g_get_monotonic_time () + (gint64) seconds * G_USEC_PER_SEC;

  g_mutex_lock (&self->lock);
  self->draining = TRUE;
  g_cond_broadcast (&self->changed);
  while (self->online && self->first_change_us != 0
         && g_cond_wait_until (&self->changed, &self->lock, until))
    continue;
  /* The last run may still be at work. */
  guint pushes = self->pushes;
  while (self->online && self->pushes == pushes && mf_pending_first (self->db) != G_MAXINT64
         && g_cond_wait_until (&self->changed, &self->lock, until))
    continue;
  g_mutex_unlock (&self->lock);
}
