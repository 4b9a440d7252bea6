#include "cache/lookouts.h"

#include "cache/backoff.h"
#include "cache/folders.h"
#include "cache/idling.h"

#define IDLE_US (3600 * (gint64) G_USEC_PER_SEC)
/* Before another folder, and after a worker had its session: more may follow. */
#define REST_US (300 * (gint64) 1000)
/* After a session that was lost or refused; after one too many. */
#define FAILED_MS 1000
#define TOO_MANY_MS (120 * 1000)
#define FAILED_MOST_MS (3600 * 1000)
/* A session that was good for so long is no failure. */
#define LONG_LIFE_US (60 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  MfLookouts *all;
  MfLink *link;
  gboolean borrows;     /* a worker's session */
  GThread *thread;      /* (nullable) */
  GCancellable *wake;   /* ends its IDLE */
  MfFolderId folder;    /* that it looks after, 0: none */
  gint64 rest_until_us; /* monotonic */
  guint wanted;         /* so many wait for its session */
  gboolean was_wanted;  /* so the session may know of changes that were told to nobody */
  gboolean must_close;
  guint backoff_ms;     /* of failures running, see backoff.h */
} Lookout;

struct _MfLookouts
{
  MfEngine *engine;
  GPtrArray *lookouts; /* of Lookout */
  GQueue *folders;     /* of MfFolderId, used last first; a lookout for each, and room for INBOX */
  MfFolderId inbox;    /* 0: not known yet */
  gboolean needed;
};

static Lookout *
make_lookout (MfLookouts *all, MfLink *lent)
{
  Lookout *self = g_new0 (Lookout, 1);

  self->all = all;
  self->borrows = lent != NULL;
  self->link = lent != NULL ? lent : mf_link_new (all->engine->ops, all->engine->account);
  self->wake = g_cancellable_new ();
  return self;
}

static void
free_lookout (gpointer data)
{
  Lookout *self = data;

  if (!self->borrows)
    mf_link_free (self->link);
  g_object_unref (self->wake);
  g_free (self);
}

MfLookouts *
mf_lookouts_new (MfEngine *engine)
{
  static const MfWorkerKind lenders[] = { MF_WORKER_PUSH, MF_WORKER_BACK };
  MfLookouts *self = g_new0 (MfLookouts, 1);
  guint most = engine->options->connections;

  self->engine = engine;
  self->folders = g_queue_new ();
  self->lookouts = g_ptr_array_new_with_free_func (free_lookout);
  for (guint i = MF_N_WORKERS; i < most; i++)
    g_ptr_array_add (self->lookouts, make_lookout (self, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (lenders); i++)
    if (most != 0 && mf_engine_has_link (engine, lenders[i]))
      g_ptr_array_add (self->lookouts, make_lookout (self, engine->links[lenders[i]]));
  return self;
}

void
mf_lookouts_free (MfLookouts *self)
{
  g_ptr_array_unref (self->lookouts);
  g_queue_free_full (self->folders, g_free);
  g_free (self);
}

static Lookout *
nth (MfLookouts *self, guint i)
{
  return g_ptr_array_index (self->lookouts, i);
}

/* ---- which folder ----------------------------------------------------- */

/* With the lock. */
static gboolean
is_looked_after (MfLookouts *self, MfFolderId folder)
{
  for (guint i = 0; i < self->lookouts->len; i++)
    if (nth (self, i)->folder == folder)
      return TRUE;
  return FALSE;
}

static GList *
find_folder (MfLookouts *self, MfFolderId folder)
{
  for (GList *l = self->folders->head; l != NULL; l = l->next)
    if (*(MfFolderId *) l->data == folder)
      return l;
  return NULL;
}

static void
forget_folder (MfLookouts *self, MfFolderId folder)
{
  GList *link = find_folder (self, folder);

  if (link == NULL)
    return;
  g_free (link->data);
  g_queue_delete_link (self->folders, link);
}

/* With the lock: the one it has as long as that is used, else the first that nobody has. */
static MfFolderId
choose_folder (Lookout *self)
{
  if (self->folder != 0 && find_folder (self->all, self->folder) != NULL)
    return self->folder;
  for (GList *l = self->all->folders->head; l != NULL; l = l->next)
    if (!is_looked_after (self->all, *(MfFolderId *) l->data))
      return *(MfFolderId *) l->data;
  return 0;
}

/* With the lock: those used longest ago. */
static void
drop_folders (MfLookouts *self)
{
  guint most = self->lookouts->len + (self->inbox == 0 ? 1 : 0);

  while (self->folders->length > most)
    g_free (g_queue_pop_tail (self->folders));
}

/* With the lock: a folder has taken the place of another. */
static void
wake_for_choice (MfLookouts *self)
{
  for (guint i = 0; i < self->lookouts->len; i++)
    if (nth (self, i)->folder != 0 && find_folder (self, nth (self, i)->folder) == NULL)
      g_cancellable_cancel (nth (self, i)->wake);
  g_cond_broadcast (&self->engine->changed);
}

void
mf_lookouts_note_use (MfLookouts *self, MfFolderId folder)
{
  if (folder == self->inbox || folder == MF_FOLDER_LOST || self->lookouts->len == 0)
    return;
  GList *link = find_folder (self, folder);
  if (link != NULL)
    {
      g_queue_unlink (self->folders, link);
      g_queue_push_head_link (self->folders, link);
      return;
    }
  g_queue_push_head (self->folders, g_memdup2 (&folder, sizeof folder));
  drop_folders (self);
  wake_for_choice (self);
}

/* ---- looking after it ------------------------------------------------- */

/* What cannot be looked after is left to the poll. */
static void
give_up_folder (Lookout *self)
{
  MfEngine *engine = self->all->engine;

  g_mutex_lock (&engine->lock);
  forget_folder (self->all, self->folder);
  g_mutex_unlock (&engine->lock);
}

static gboolean
look (Lookout *self, GError **error)
{
  MfEngine *engine = self->all->engine;
  g_auto (MfFolder) folder = { 0 };
  g_auto (MfHeard) heard = { 0 };

  if (!mf_folders_get (engine->db, self->folder, &folder, NULL) || folder.mailbox == NULL
      || !folder.known)
    {
      give_up_folder (self);
      return TRUE;
    }
  return mf_link_open (self->link, error)
         && mf_idling_wait (engine, self->link, &folder, g_get_monotonic_time () + IDLE_US,
                            self->wake, &heard, error)
         && (!heard.here || mf_idling_follow (engine, self->link, folder.id, error));
}

/* With the lock. */
static void
rest_after_failure (Lookout *self, gboolean too_many)
{
  guint wait_ms = mf_backoff_next_ms (&self->backoff_ms, too_many ? TOO_MANY_MS : FAILED_MS,
                                      FAILED_MOST_MS);

  self->rest_until_us = g_get_monotonic_time () + 1000 * (gint64) wait_ms;
}

/* With the lock, which is given up meanwhile, and with the link, to be given back. */
static void
look_after_folder (Lookout *self)
{
  MfEngine *engine = self->all->engine;
  g_autoptr (GError) error = NULL;

  g_cancellable_reset (self->wake);
  if (self->was_wanted)
    mf_link_deselect (self->link);
  self->was_wanted = FALSE;
  g_mutex_unlock (&engine->lock);
  gint64 begun_us = g_get_monotonic_time ();
  gboolean ok = look (self, &error);
  if (!ok && mf_link_is_open (self->link))
    {
      mf_link_check (self->link, error);
      if (mf_link_is_open (self->link))
        give_up_folder (self);
    }
  mf_link_give (self->link);
  g_mutex_lock (&engine->lock);
  if (ok || g_get_monotonic_time () >= begun_us + LONG_LIFE_US)
    self->backoff_ms = 0;
  if (!ok)
    rest_after_failure (self, g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY));
}

/* ---- when ------------------------------------------------------------- */

/* With the lock, which is given up meanwhile.  A session that somebody uses is his
 * concern. */
static void
hang_up (Lookout *self)
{
  MfEngine *engine = self->all->engine;

  self->must_close = FALSE;
  if (!mf_link_try_take (self->link))
    return;
  g_mutex_unlock (&engine->lock);
  mf_link_drop (self->link);
  mf_link_give (self->link);
  g_mutex_lock (&engine->lock);
}

static void
wait_for_change (Lookout *self)
{
  MfEngine *engine = self->all->engine;

  if (g_get_monotonic_time () < self->rest_until_us)
    g_cond_wait_until (&engine->changed, &engine->lock, self->rest_until_us);
  else
    g_cond_wait (&engine->changed, &engine->lock);
}

/* With the lock: whether there is a folder to look after now. */
static gboolean
is_ready (Lookout *self)
{
  MfEngine *engine = self->all->engine;
  MfFolderId before = self->folder;
  gboolean rests = !self->all->needed || !engine->online || self->wanted > 0
                   || g_get_monotonic_time () < self->rest_until_us;

  self->folder = rests ? 0 : choose_folder (self);
  if (self->folder != 0 && before != 0 && self->folder != before)
    {
      self->folder = 0;
      self->rest_until_us = g_get_monotonic_time () + REST_US;
    }
  return self->folder != 0;
}

static gpointer
run (gpointer data)
{
  Lookout *self = data;
  MfEngine *engine = self->all->engine;

  g_mutex_lock (&engine->lock);
  while (!engine->stopping)
    if (self->must_close)
      hang_up (self);
    else if (!is_ready (self))
      wait_for_change (self);
    else if (mf_link_try_take (self->link))
      look_after_folder (self);
    else
      self->rest_until_us = g_get_monotonic_time () + REST_US;
  g_mutex_unlock (&engine->lock);
  return NULL;
}

/* ---- what others tell them -------------------------------------------- */

void
mf_lookouts_take_link (MfLookouts *self, MfLink *link)
{
  MfEngine *engine = self->engine;
  Lookout *borrower = NULL;

  for (guint i = 0; i < self->lookouts->len; i++)
    if (nth (self, i)->link == link)
      borrower = nth (self, i);
  if (borrower != NULL)
    {
      g_mutex_lock (&engine->lock);
      borrower->wanted++;
      borrower->was_wanted = TRUE;
      g_cancellable_cancel (borrower->wake);
      g_mutex_unlock (&engine->lock);
    }
  mf_link_take (link);
  if (borrower != NULL)
    {
      g_mutex_lock (&engine->lock);
      borrower->wanted--;
      borrower->rest_until_us = g_get_monotonic_time () + REST_US;
      g_cond_broadcast (&engine->changed);
      g_mutex_unlock (&engine->lock);
    }
}

/* With the lock: those that never ran. */
static void
start_threads (MfLookouts *self)
{
  for (guint i = 0; !self->engine->stopping && i < self->lookouts->len; i++)
    if (nth (self, i)->thread == NULL)
      nth (self, i)->thread = g_thread_new ("lookout", run, nth (self, i));
}

void
mf_lookouts_set_needed (MfLookouts *self, gboolean needed, MfFolderId inbox)
{
  MfEngine *engine = self->engine;

  g_mutex_lock (&engine->lock);
  if (self->needed != needed || self->inbox != inbox)
    {
      self->needed = needed;
      self->inbox = inbox;
      forget_folder (self, inbox);
      drop_folders (self);
      if (needed)
        start_threads (self);
      else
        mf_lookouts_close (self, 0);
      g_cond_broadcast (&engine->changed);
    }
  g_mutex_unlock (&engine->lock);
}

void
mf_lookouts_close (MfLookouts *self, guint seconds)
{
  gint64 until_us = g_get_monotonic_time () + seconds * (gint64) G_USEC_PER_SEC;

  for (guint i = 0; i < self->lookouts->len; i++)
    {
      Lookout *lookout = nth (self, i);

      lookout->must_close = TRUE;
      lookout->rest_until_us = seconds > 0 ? MAX (lookout->rest_until_us, until_us) : until_us;
      if (seconds == 0) /* who comes back may be another server */
        lookout->backoff_ms = 0;
      g_cancellable_cancel (lookout->wake);
    }
}

void
mf_lookouts_cancel (MfLookouts *self)
{
  for (guint i = 0; i < self->lookouts->len; i++)
    {
      g_cancellable_cancel (nth (self, i)->wake);
      if (!nth (self, i)->borrows)
        g_cancellable_cancel (nth (self, i)->link->cancellable);
    }
}

void
mf_lookouts_reset (MfLookouts *self)
{
  for (guint i = 0; i < self->lookouts->len; i++)
    if (!nth (self, i)->borrows)
      g_cancellable_reset (nth (self, i)->link->cancellable);
}

void
mf_lookouts_join (MfLookouts *self)
{
  for (guint i = 0; i < self->lookouts->len; i++)
    if (nth (self, i)->thread != NULL)
      g_thread_join (g_steal_pointer (&nth (self, i)->thread));
}
