/* The two workers that wait in the engine's queues. */
#include "cache/bodywriter.h"
#include "cache/download.h"
#include "cache/engine.h"
#include "cache/error.h"
#include "cache/follow.h"
#include "cache/messages.h"

#define BATCH_WANTED 64
#define TIDY_S 30
/* A session that dies at once was dead before: try with a fresh one. */
#define STALE_LINK_US (2 * G_USEC_PER_SEC)

typedef struct
{
  MfEngine *engine;
  MfWorkerKind kind;
  MfLink *link; /* of the task under way */
  MfBodyWriter *writer;
  MfFolderId folder;  /* of the download under way */
  gboolean may_retry; /* with a fresh session, if this one dies */
  gboolean delivered; /* a body has come by this session */
  gboolean asked;     /* for bodies, in the task under way */
  gboolean outlived;  /* the last task failed, and its session is alive */
} Worker;

typedef gboolean (*Task) (Worker *self, MfFolderId folder, GError **error);

/* ---- trying, and trying again ----------------------------------------- */

/* A session that died had been dead before, or was good for something. */
static gboolean
deserves_another (Worker *self, gint64 start)
{
  gboolean stale = self->may_retry && g_get_monotonic_time () - start < STALE_LINK_US;

  return (stale || self->delivered) && !mf_engine_is_stopping (self->engine);
}

/* @out_lost: with the session, which had been there. */
static gboolean
run_once (Worker *self, Task task, MfFolderId folder, gboolean *out_lost, GError **error)
{
  GError *local = NULL;
  gboolean fresh = FALSE;

  *out_lost = FALSE;
  self->outlived = FALSE;
  self->link = mf_engine_take_link (self->engine, self->kind, &fresh, error);
  if (self->link == NULL)
    return FALSE;
  self->may_retry = !fresh;
  self->delivered = FALSE;
  if (!task (self, folder, &local))
    {
      mf_link_check (self->link, local);
      self->outlived = mf_link_is_open (self->link);
      *out_lost = !self->outlived;
      g_propagate_error (error, local);
    }
  mf_link_give (self->link);
  return local == NULL;
}

/* The error is mapped.  A link that is lost twice running means offline. */
static gboolean
run_task (Worker *self, Task task, MfFolderId folder, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean lost;
  gint64 start;

  do
    {
      start = g_get_monotonic_time ();
      g_clear_error (&local);
      if (run_once (self, task, folder, &lost, &local))
        return TRUE;
    }
  while (lost && deserves_another (self, start));
  if (lost)
    mf_engine_set_offline (self->engine, local);
  mf_error_from_remote (&local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* ---- pulling a folder ------------------------------------------------- */

/* Begun with the link, and left before it is given back: who has the one never waits
 * for who wants the other. */
static gboolean
pull_task (Worker *self, MfFolderId folder, GError **error)
{
  MfEngine *engine = self->engine;
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  g_autoptr (GError) mapped = NULL;
  MfSettle settle = mf_engine_settle (engine, news);
  GError *local = NULL;

  if (!mf_engine_begin_pull (engine, folder, TRUE))
    return TRUE;
  if (mf_pull_folder (&settle, self->link, folder, &local))
    {
      mf_engine_end_pull (engine, folder, NULL);
      return TRUE;
    }
  mf_link_check (self->link, local);
  mapped = g_error_copy (local);
  mf_error_from_remote (&mapped);
  /* Who waits goes on waiting for the next try, or is told that there is none. */
  if (mf_link_is_open (self->link)
      && !g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_BUSY))
    mf_engine_end_pull (engine, folder, mapped);
  else
    mf_engine_release_pull (engine, folder);
  g_propagate_error (error, local);
  return FALSE;
}

static void
pull (Worker *self, MfFolderId folder)
{
  run_task (self, pull_task, folder, NULL);
}

/* ---- fetching bodies -------------------------------------------------- */

static void
mark_in_flight (MfEngine *engine, MfMsgId id)
{
  g_hash_table_add (engine->in_flight, g_memdup2 (&id, sizeof id));
}

/* With the lock: what somebody waits for in @folder. */
static void
take_wanted (MfEngine *engine, MfFolderId folder, GArray *batch)
{
  for (GList *l = engine->wanted->head, *next; l != NULL && batch->len < BATCH_WANTED; l = next)
    {
      MfWantedIn *wanted = l->data;
      next = l->next;
      if (wanted->folder != folder)
        continue;
      if (!g_hash_table_contains (engine->in_flight, &wanted->wanted.id))
        {
          g_array_append_val (batch, wanted->wanted);
          mark_in_flight (engine, wanted->wanted.id);
        }
      g_free (wanted);
      g_queue_delete_link (engine->wanted, l);
    }
}

/* With the lock: what the walk in @folder will want, or what there is to prefetch. */
static void
take_ahead (MfEngine *engine, MfFolderId folder, GArray *batch)
{
  g_autoptr (GArray) planned = g_array_new (FALSE, FALSE, sizeof (MfWanted));
  MfFolderId walk = mf_readahead_folder (engine->readahead);

  if (mf_bodies_are_over (engine->bodies))
    return;
  if (walk == folder)
    mf_readahead_next (engine->readahead, engine->db, planned, NULL);
  else if (walk == 0 && g_queue_is_empty (engine->back_pulls))
    mf_prefetcher_next (engine->prefetcher, engine->db, folder, planned);
  for (guint i = 0; i < planned->len; i++)
    {
      MfWanted *wanted = &g_array_index (planned, MfWanted, i);
      if (g_hash_table_contains (engine->in_flight, &wanted->id))
        continue;
      g_array_append_vals (batch, wanted, 1);
      mark_in_flight (engine, wanted->id);
    }
}

/* With the lock: bodies, of which more may be wanted all the time, keep nobody from a
 * session that he needs too, and a listing from nothing. */
static gboolean
gives_way (Worker *self)
{
  MfEngine *engine = self->engine;

  if (self->link != engine->links[MF_WORKER_FRONT])
    return FALSE;
  return mf_link_is_awaited (self->link) || !g_queue_is_empty (engine->front_pulls)
         || (self->kind == MF_WORKER_BACK && !g_queue_is_empty (engine->wanted));
}

static gboolean
next_bodies (GArray *batch, gpointer user_data)
{
  Worker *self = user_data;
  MfEngine *engine = self->engine;

  g_mutex_lock (&engine->lock);
  /* Who gives way before he has got anything would only take turns in giving way. */
  gboolean may_ask = !engine->stopping
                     && ((self->kind == MF_WORKER_FRONT && !self->asked) || !gives_way (self));
  if (may_ask)
    take_wanted (engine, self->folder, batch);
  if (may_ask && self->kind == MF_WORKER_BACK)
    take_ahead (engine, self->folder, batch);
  self->asked |= batch->len > 0;
  g_mutex_unlock (&engine->lock);
  return batch->len > 0;
}

static gboolean
is_urgent (MfMsgId id, gpointer user_data)
{
  MfEngine *engine = ((Worker *) user_data)->engine;

  g_mutex_lock (&engine->lock);
  gboolean urgent = mf_waiters_has (engine->body_waits, id);
  g_mutex_unlock (&engine->lock);
  return urgent;
}

static gboolean
is_held (MfMsgId id, gpointer user_data)
{
  return mf_drafts_is_held (((Worker *) user_data)->engine->drafts, id);
}

static void
tell_size (MfEngine *engine, const MfMessage *message)
{
  MfEvent event = { .type = MF_EVENT_MESSAGE_SIZE, .folder = message->folder, .after = message };

  if (engine->func != NULL && message->exact && message->size != message->wire_size)
    engine->func (&event, engine->user_data);
}

/* Whoever waits for it goes on waiting, for the next try or its failure. */
static void
want_again (Worker *self, const MfMessage *message)
{
  MfWantedIn wanted = { { message->id, message->uid, message->wire_size }, self->folder };
  MfEngine *engine = self->engine;

  g_mutex_lock (&engine->lock);
  g_hash_table_remove (engine->in_flight, &message->id);
  if (mf_waiters_has (engine->body_waits, message->id))
    g_queue_push_tail (engine->wanted, g_memdup2 (&wanted, sizeof wanted));
  else
    mf_prefetcher_miss (engine->prefetcher, self->folder, message->uid);
  g_mutex_unlock (&engine->lock);
}

static void
body_done (MfMsgId id, const MfMessage *message, const GError *error, gpointer user_data)
{
  Worker *self = user_data;
  MfEngine *engine = self->engine;
  g_autoptr (GError) gone = NULL;

  self->delivered |= error == NULL;
  if (message != NULL && message->cached)
    error = NULL; /* written here meanwhile */
  if ((self->may_retry || self->delivered) && message != NULL && message->uid != 0
      && g_error_matches (error, MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE))
    {
      want_again (self, message);
      return;
    }
  if (message != NULL && g_error_matches (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT)
      && (mf_follow_body (engine, message, self->folder)
          || mf_follow_doubt (engine, message, error)))
    return;
  if (error == NULL && message == NULL)
    gone = g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "the message is gone");
  if (error == NULL && message != NULL)
    tell_size (engine, message);
  g_mutex_lock (&engine->lock);
  g_hash_table_remove (engine->in_flight, &id);
  if (message != NULL && g_error_matches (error, MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE))
    mf_prefetcher_miss (engine->prefetcher, self->folder, message->uid);
  GArray *waits = mf_waiters_take (engine->body_waits, id);
  g_mutex_unlock (&engine->lock);
  mf_waiters_call (waits, error != NULL ? error : gone);
}

static void
body_elsewhere (const MfMessage *message, gpointer user_data)
{
  Worker *self = user_data;

  mf_follow_elsewhere (self->engine, message, self->folder);
}

static gboolean
download_task (Worker *self, MfFolderId folder, GError **error)
{
  static const MfDownloadSource source = { next_bodies, is_urgent, is_held, body_done,
                                           body_elsewhere };

  self->folder = folder;
  self->asked = FALSE;
  return mf_download (self->engine->db, self->engine->bodies, self->writer, self->link, folder,
                      &source, self, error);
}

/* For all whose bodies are still wanted of @folder. */
static void
pass_wanted (Worker *self, MfFolderId folder, const GError *error,
             void (*pass) (Worker *self, MfMsgId id, const GError *error))
{
  g_autoptr (GArray) batch = g_array_new (FALSE, FALSE, sizeof (MfWanted));

  do
    {
      g_array_set_size (batch, 0);
      g_mutex_lock (&self->engine->lock);
      take_wanted (self->engine, folder, batch);
      g_mutex_unlock (&self->engine->lock);
      for (guint i = 0; i < batch->len; i++)
        pass (self, g_array_index (batch, MfWanted, i).id, error);
    }
  while (batch->len > 0);
}

static void
refuse_body (Worker *self, MfMsgId id, const GError *error)
{
  body_done (id, NULL, error, &(Worker){ self->engine });
}

/* The index may be of another time: what it says then is asked for. */
static void
look_up_body (Worker *self, MfMsgId id, const GError *error)
{
  g_auto (MfMessage) message = { 0 };

  if (mf_messages_get (self->engine->db, id, &message, NULL) && message.home != 0)
    mf_follow_elsewhere (self->engine, &message, self->folder);
  else
    refuse_body (self, id, error);
}

static void
download (Worker *self, MfFolderId folder)
{
  g_autoptr (GError) error = NULL;

  if (run_task (self, download_task, folder, &error))
    return;
  g_mutex_lock (&self->engine->lock);
  mf_readahead_end (self->engine->readahead, folder);
  if (g_error_matches (error, MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE))
    mf_prefetcher_interrupt (self->engine->prefetcher, self->engine->db, folder);
  else
    mf_prefetcher_skip (self->engine->prefetcher, self->engine->db, folder);
  g_mutex_unlock (&self->engine->lock);
  gboolean of_another_time
      = self->outlived && g_error_matches (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT);
  pass_wanted (self, folder, error, of_another_time ? look_up_body : refuse_body);
  if (of_another_time)
    pull (self, folder);
}

/* ---- the queues ------------------------------------------------------- */

/* With the lock: a folder off @queue, 0 when it is empty. */
static MfFolderId
pop (GQueue *queue)
{
  g_autofree MfFolderId *id = g_queue_pop_head (queue);

  return id != NULL ? *id : 0;
}

static MfFolderId
wanted_folder (MfEngine *engine)
{
  MfWantedIn *first = g_queue_peek_head (engine->wanted);

  return first != NULL ? first->folder : 0;
}

gpointer
mf_worker_front (gpointer data)
{
  MfEngine *engine = data;
  g_autoptr (MfBodyWriter) writer = mf_bodywriter_new (engine->bodies);
  Worker self = { engine, MF_WORKER_FRONT, NULL, writer, 0, FALSE, FALSE };

  g_mutex_lock (&engine->lock);
  while (!engine->stopping)
    {
      if (mf_engine_hang_up (engine, MF_WORKER_FRONT))
        continue;
      MfFolderId to_pull = pop (engine->front_pulls);
      MfFolderId to_fetch = to_pull == 0 ? wanted_folder (engine) : 0;
      if (to_pull == 0 && to_fetch == 0)
        {
          g_cond_wait (&engine->changed, &engine->lock);
          continue;
        }
      g_mutex_unlock (&engine->lock);
      if (to_pull != 0)
        pull (&self, to_pull);
      else
        download (&self, to_fetch);
      g_mutex_lock (&engine->lock);
    }
  g_mutex_unlock (&engine->lock);
  return NULL;
}

/* With the lock given up and taken again. */
static void
tidy (MfEngine *engine)
{
  g_mutex_unlock (&engine->lock);
  mf_bodies_tidy (engine->bodies, engine->db, NULL);
  g_mutex_lock (&engine->lock);
}

/* With the lock: a walk before folders that changed before prefetching. */
static void
choose_back (MfEngine *engine, MfFolderId *to_pull, MfFolderId *to_fetch)
{
  gboolean room = !mf_bodies_are_over (engine->bodies);

  *to_pull = *to_fetch = 0;
  if (!room)
    mf_prefetcher_fill (engine->prefetcher);
  if (!engine->online)
    return;
  if (room)
    *to_fetch = mf_readahead_folder (engine->readahead);
  if (*to_fetch == 0)
    *to_pull = pop (engine->back_pulls);
  if (*to_fetch == 0 && *to_pull == 0)
    *to_pull = mf_prefetcher_unknown (engine->prefetcher, engine->db);
  if (*to_fetch == 0 && *to_pull == 0 && room)
    *to_fetch = mf_prefetcher_folder (engine->prefetcher, engine->db);
}

static void
run_back (Worker *self)
{
  MfEngine *engine = self->engine;
  MfFolderId to_pull = 0, to_fetch = 0;

  if (mf_engine_hang_up (engine, MF_WORKER_BACK))
    return;
  choose_back (engine, &to_pull, &to_fetch);
  if (to_pull == 0 && to_fetch == 0)
    {
      gint64 until = g_get_monotonic_time () + TIDY_S * G_USEC_PER_SEC;
      engine->back_rests = TRUE;
      if (mf_bodies_are_over (engine->bodies)
          || !g_cond_wait_until (&engine->changed, &engine->lock, until))
        tidy (engine);
      engine->back_rests = FALSE;
      return;
    }
  g_mutex_unlock (&engine->lock);
  if (to_fetch != 0)
    download (self, to_fetch);
  else
    pull (self, to_pull);
  g_mutex_lock (&engine->lock);
}

/* A session takes some round trips: it is there when it is wanted. */
static void
be_ready (MfEngine *engine)
{
  MfLink *link = mf_engine_take_link (engine, MF_WORKER_BACK, NULL, NULL);

  if (link != NULL)
    mf_link_give (link);
}

gpointer
mf_worker_back (gpointer data)
{
  MfEngine *engine = data;
  g_autoptr (MfBodyWriter) writer = mf_bodywriter_new (engine->bodies);
  Worker self = { engine, MF_WORKER_BACK, NULL, writer, 0, FALSE, FALSE };

  g_mutex_lock (&engine->lock);
  gboolean online = engine->online;
  g_mutex_unlock (&engine->lock);
  if (online)
    be_ready (engine);
  g_mutex_lock (&engine->lock);
  while (!engine->stopping)
    run_back (&self);
  g_mutex_unlock (&engine->lock);
  return NULL;
}
