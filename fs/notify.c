#include "fs/notify.h"

#include "fs/burst.h"
#include "fs/inode.h"
#include "fs/name.h"

/* A burst is over by then: it holds the file system open. */
#define BURST_MOST_US (100 * (gint64)1000)

/* A change on its way to the thread. */
typedef struct
{
  MfBurstChange change;
  char *from_name, *to_name; /* (nullable) those of the change */
} News;

struct _MfNotify
{
  GMutex mutex;            /* guards the fields down to the line */
  MfNotifyTargets targets; /* zeroes: not started */
  GThread *thread;         /* NULL: not started, or stopped */
  /* ---- */
  GAsyncQueue *queue; /* of News */
  gint ended;         /* atomic: what is in the queue is for nobody any more */
  GMutex stopping;    /* held while the thread ends, so that no stop returns before */
};

static void
free_news (gpointer data)
{
  News *news = data;

  g_free (news->from_name);
  g_free (news->to_name);
  g_free (news);
}

MfNotify *
mf_notify_new (void)
{
  MfNotify *self = g_new0 (MfNotify, 1);

  g_mutex_init (&self->mutex);
  g_mutex_init (&self->stopping);
  self->queue = g_async_queue_new_full (free_news);
  return self;
}

void
mf_notify_free (MfNotify *self)
{
  mf_notify_stop (self);
  g_async_queue_unref (self->queue);
  g_mutex_clear (&self->mutex);
  g_mutex_clear (&self->stopping);
  g_free (self);
}

/* ---- from the cache's words to the kernel's --------------------------- */

/* Copies the names. */
static void
push (MfNotify *self, const MfBurstChange *change)
{
  News *news = g_new0 (News, 1);

  news->change = *change;
  news->change.from.name = news->from_name = g_strdup (change->from.name);
  news->change.to.name = news->to_name = g_strdup (change->to.name);
  g_async_queue_push (self->queue, news);
}

static void
push_node (MfNotify *self, MfBurstChangeKind kind, guint64 node)
{
  push (self, &(MfBurstChange){ .kind = kind, .node = node });
}

/* What readers call it; no name when they do not see it.  @buffer is for it. */
static MfEntryName
name_of (MfCache *cache, const MfMessage *message, char buffer[static MF_NAME_MAX + 1])
{
  g_auto (MfFolder) folder = { 0 };
  MfEntryName entry = { 0, NULL };

  if (message != NULL && message->place < MF_N_PLACES
      && mf_cache_folder (cache, message->folder, &folder, NULL)
      && mf_name_format (message, folder.tag, buffer))
    entry = (MfEntryName){ mf_inode_place (message->folder, message->place), buffer };
  return entry;
}

/* @before, @after (nullable) */
static void
push_message (MfNotify *self, MfCache *cache, const MfMessage *before, const MfMessage *after)
{
  char old[MF_NAME_MAX + 1], new[MF_NAME_MAX + 1];
  MfBurstChange change = {
    .kind = MF_CHANGE_MESSAGE,
    .id = (after != NULL ? after : before)->id,
    .from = name_of (cache, before, old),
    .to = name_of (cache, after, new),
  };

  if (change.from.parent == change.to.parent && g_strcmp0 (change.from.name, change.to.name) == 0)
    push_node (self, MF_CHANGE_DIRECTORY, change.from.parent);
  else
    push (self, &change);
}

static void
push_folder (MfNotify *self, MfFolderId folder)
{
  push_node (self, MF_CHANGE_NAMES, mf_inode_place (folder, MF_PLACE_CUR));
  push_node (self, MF_CHANGE_NAMES, mf_inode_place (folder, MF_PLACE_NEW));
  push_node (self, MF_CHANGE_DIRECTORY, mf_inode_folder (folder));
}

static void
push_event (MfNotify *self, MfCache *cache, const MfEvent *event)
{
  switch (event->type)
    {
    case MF_EVENT_MESSAGE_ADDED:
    case MF_EVENT_MESSAGE_CHANGED:
    case MF_EVENT_MESSAGE_REMOVED:
      push_message (self, cache, event->before, event->after);
      break;
    case MF_EVENT_MESSAGE_SIZE:
      push_node (self, event->before != NULL && event->before->draft ? MF_CHANGE_CONTENT : MF_CHANGE_SIZE,
                 mf_inode_message (event->after->id));
      break;
    case MF_EVENT_FOLDER_CHANGED:
      push_folder (self, event->folder);
      break;
    case MF_EVENT_FOLDER_LISTED: /* nobody has seen a name in it */
      push_node (self, MF_CHANGE_TOUCHED, mf_inode_place (event->folder, MF_PLACE_CUR));
      push_node (self, MF_CHANGE_TOUCHED, mf_inode_place (event->folder, MF_PLACE_NEW));
      break;
    case MF_EVENT_TREE_CHANGED:
      push_node (self, MF_CHANGE_DIRECTORY, mf_inode_folder (event->folder));
      break;
    case MF_EVENT_STATE:
    case MF_EVENT_TROUBLE:
      break;
    }
}

/* NULL while the kernel is not to be told. */
static MfCache *
get_cache (MfNotify *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->thread != NULL ? self->targets.cache : NULL;
}

void
mf_notify_event (MfNotify *self, const MfEvent *event)
{
  MfCache *cache = get_cache (self);

  if (cache != NULL)
    push_event (self, cache, event);
}

void
mf_notify_name (MfNotify *self, guint64 parent, const char *name)
{
  if (get_cache (self) != NULL)
    push (self, &(MfBurstChange){ .kind = MF_CHANGE_NAME, .from = { parent, name } });
}

void
mf_notify_content (MfNotify *self, guint64 node)
{
  if (get_cache (self) != NULL)
    push_node (self, MF_CHANGE_CONTENT, node);
}

/* Attributes alone: takes no lock that a request may hold, so it need not leave
 * from the thread (I9). */
void
mf_notify_listing_now (MfNotify *self, guint64 node)
{
  if (get_cache (self) != NULL)
    fuse_lowlevel_notify_inval_inode (self->targets.session, node, -1, 0);
}

/* ---- the thread ------------------------------------------------------- */

/* All that has come until now. */
static void
tell (MfNotify *self, News *first)
{
  const MfNotifyTargets *targets = &self->targets;
  gint64 until_us = g_get_monotonic_time () + BURST_MOST_US;
  g_autoptr (MfBurst) burst = mf_burst_begin (targets->session, targets->hints, targets->echo);

  for (News *news = first; news != NULL;)
    {
      if (!g_atomic_int_get (&self->ended))
        mf_burst_add (burst, &news->change);
      free_news (news);
      news = g_get_monotonic_time () < until_us ? g_async_queue_try_pop (self->queue) : NULL;
    }
}

static gpointer
run (gpointer data)
{
  MfNotify *self = data;

  while (!g_atomic_int_get (&self->ended))
    tell (self, g_async_queue_pop (self->queue));
  return NULL;
}

void
mf_notify_start (MfNotify *self, const MfNotifyTargets *targets)
{
  g_mutex_lock (&self->mutex);
  self->targets = *targets;
  self->thread = g_thread_new ("notify", run, self);
  g_mutex_unlock (&self->mutex);
}

void
mf_notify_stop (MfNotify *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->stopping);
  GThread *thread;

  g_mutex_lock (&self->mutex);
  thread = g_steal_pointer (&self->thread);
  g_mutex_unlock (&self->mutex);
  if (thread == NULL)
    return;
  g_atomic_int_set (&self->ended, 1);
  push_node (self, MF_CHANGE_DIRECTORY, 0); /* wakes it */
  g_thread_join (thread);
}
