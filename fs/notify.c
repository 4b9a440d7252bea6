#include "fs/notify.h"

#include "fs/inode.h"
#include "fs/name.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* FUSE_NOTIFY_INC_EPOCH, Linux 6.16: every name is asked for again. */
#define NOTIFY_INC_EPOCH 8

typedef enum
{
  NEWS_ENTRY,     /* a name has gone from a directory */
  NEWS_DIRECTORY, /* a directory's entries have changed */
  NEWS_SIZE,
  NEWS_ATTRIBUTES,
  NEWS_CONTENT,
  NEWS_NAMES, /* names in a directory have gone, nobody knows which */
  NEWS_END,
} NewsType;

typedef struct
{
  NewsType type;
  guint64 node;
  char *name; /* NEWS_ENTRY */
} News;

struct _MfNotify
{
  GMutex mutex;    /* guards the fields down to the line */
  MfCache *cache;  /* NULL: not started */
  GThread *thread; /* NULL: not started, or stopped */
  /* ---- */
  GAsyncQueue *queue; /* of News */
  MfHints *hints;
  struct fuse_session *session;
  GMutex stopping; /* held while the thread ends, so that no stop returns before */
};

static void
free_news (gpointer data)
{
  News *news = data;

  g_free (news->name);
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

static void
push (MfNotify *self, NewsType type, guint64 node, const char *name)
{
  News *news = g_new0 (News, 1);

  *news = (News){ type, node, g_strdup (name) };
  g_async_queue_push (self->queue, news);
}

static void
push_message (MfNotify *self, MfCache *cache, const MfMessage *message, gboolean name_gone)
{
  g_auto (MfFolder) folder = { 0 };
  guint64 node = mf_inode_place (message->folder, message->place);
  char name[MF_NAME_MAX + 1];

  if (name_gone && mf_cache_folder (cache, message->folder, &folder, NULL)
      && mf_name_format (message, folder.tag, name))
    push (self, NEWS_ENTRY, node, name);
  push (self, NEWS_DIRECTORY, node, NULL);
}

static gboolean
has_same_name (const MfMessage *a, const MfMessage *b)
{
  return a->folder == b->folder && a->place == b->place && a->flags == b->flags && a->uid == b->uid
         && g_strcmp0 (a->base, b->base) == 0;
}

static void
push_folder (MfNotify *self, MfFolderId folder)
{
  push (self, NEWS_NAMES, mf_inode_place (folder, MF_PLACE_CUR), NULL);
  push (self, NEWS_NAMES, mf_inode_place (folder, MF_PLACE_NEW), NULL);
  push (self, NEWS_DIRECTORY, mf_inode_folder (folder), NULL);
}

static void
push_event (MfNotify *self, MfCache *cache, const MfEvent *event)
{
  switch (event->type)
    {
    case MF_EVENT_MESSAGE_ADDED:
      push_message (self, cache, event->after, FALSE);
      break;
    case MF_EVENT_MESSAGE_CHANGED:
      push_message (self, cache, event->before, !has_same_name (event->before, event->after));
      push_message (self, cache, event->after, FALSE);
      break;
    case MF_EVENT_MESSAGE_REMOVED:
      push_message (self, cache, event->before, TRUE);
      break;
    case MF_EVENT_MESSAGE_SIZE:
      push (self, event->before != NULL && event->before->draft ? NEWS_CONTENT : NEWS_SIZE,
            mf_inode_message (event->after->id), NULL);
      break;
    case MF_EVENT_FOLDER_CHANGED:
      push_folder (self, event->folder);
      break;
    case MF_EVENT_FOLDER_LISTED: /* only the times have moved */
      push (self, NEWS_ATTRIBUTES, mf_inode_place (event->folder, MF_PLACE_CUR), NULL);
      push (self, NEWS_ATTRIBUTES, mf_inode_place (event->folder, MF_PLACE_NEW), NULL);
      break;
    case MF_EVENT_TREE_CHANGED:
      push (self, NEWS_DIRECTORY, mf_inode_folder (event->folder), NULL);
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

  return self->thread != NULL ? self->cache : NULL;
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
    push (self, NEWS_ENTRY, parent, name);
}

void
mf_notify_content (MfNotify *self, guint64 node)
{
  if (get_cache (self) != NULL)
    push (self, NEWS_CONTENT, node, NULL);
}

/* Attributes alone: takes no lock that a request may hold, so it need not leave
 * from the thread (I9). */
void
mf_notify_listing_now (MfNotify *self, guint64 node)
{
  if (get_cache (self) != NULL)
    fuse_lowlevel_notify_inval_inode (self->session, node, -1, 0);
}

/* ---- the thread ------------------------------------------------------- */

/* libfuse 3.14 has no call for it.  The message is a fuse_out_header whose
 * error field is the code and whose unique is 0. */
static gboolean
send_inc_epoch (MfNotify *self)
{
  struct
  {
    guint32 size;
    gint32 code;
    guint64 unique;
  } header = { sizeof header, NOTIFY_INC_EPOCH, 0 };
  ssize_t n = write (fuse_session_fd (self->session), &header, sizeof header);

  return n == (ssize_t)sizeof header;
}

/* An older kernel forgets the directory's own name, and with it all in it. */
static void
forget_names (MfNotify *self, guint64 node)
{
  MfInode inode = mf_inode_from_node (node);
  const char *name = inode.kind == MF_INODE_CUR ? "cur" : "new";

  fuse_lowlevel_notify_inval_entry (self->session, mf_inode_folder (inode.id), name, strlen (name));
}

/* ENOENT: the kernel has never seen it, and knows no name in it either. */
static gboolean
forget_directory (MfNotify *self, guint64 node)
{
  return fuse_lowlevel_notify_inval_inode (self->session, node, 0, 0) != -ENOENT;
}

static void
tell_directories (MfNotify *self, GHashTable *directories)
{
  gboolean epoch_sent = FALSE;
  GHashTableIter iter;
  gpointer node, type;

  g_hash_table_iter_init (&iter, directories);
  while (g_hash_table_iter_next (&iter, &node, &type))
    {
      guint64 number = *(guint64 *)node;

      if (!forget_directory (self, number) || GPOINTER_TO_INT (type) != NEWS_NAMES)
        continue;
      if (!epoch_sent)
        epoch_sent = send_inc_epoch (self);
      if (!epoch_sent)
        forget_names (self, number);
    }
}

static void
note_directory (GHashTable *directories, const News *news)
{
  gpointer known = g_hash_table_lookup (directories, &news->node);

  if (GPOINTER_TO_INT (known) != NEWS_NAMES)
    g_hash_table_replace (directories, g_memdup2 (&news->node, sizeof news->node),
                          GINT_TO_POINTER (news->type));
}

/* Only if the kernel was given a hint: its next look then finds the exact size,
 * and an open after that has nothing to take back. */
static void
tell_size (MfNotify *self, guint64 node)
{
  MfMsgId id = mf_inode_from_node (node).id;

  if (!mf_hints_has (self->hints, id))
    return;
  fuse_lowlevel_notify_inval_inode (self->session, node, -1, 0);
  mf_hints_clear (self->hints, id);
}

/* All that has come until now.  FALSE: the end was among it. */
static gboolean
tell (MfNotify *self, News *first, GHashTable *directories)
{
  gboolean more = TRUE;

  for (News *news = first; news != NULL; news = g_async_queue_try_pop (self->queue))
    {
      if (news->type == NEWS_END)
        more = FALSE;
      else if (news->type == NEWS_ENTRY && more)
        fuse_lowlevel_notify_inval_entry (self->session, news->node, news->name,
                                          strlen (news->name));
      else if (news->type == NEWS_SIZE && more)
        tell_size (self, news->node);
      else if (news->type == NEWS_ATTRIBUTES && more)
        fuse_lowlevel_notify_inval_inode (self->session, news->node, -1, 0);
      else if (news->type == NEWS_CONTENT && more)
        fuse_lowlevel_notify_inval_inode (self->session, news->node, 0, 0);
      else if (more)
        note_directory (directories, news);
      free_news (news);
    }
  return more;
}

static gpointer
run (gpointer data)
{
  MfNotify *self = data;
  gboolean more = TRUE;

  while (more)
    {
      g_autoptr (GHashTable) directories
          = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

      more = tell (self, g_async_queue_pop (self->queue), directories);
      if (more)
        tell_directories (self, directories);
    }
  return NULL;
}

void
mf_notify_start (MfNotify *self, MfCache *cache, MfHints *hints, struct fuse_session *session)
{
  g_mutex_lock (&self->mutex);
  self->cache = cache;
  self->hints = hints;
  self->session = session;
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
  push (self, NEWS_END, 0, NULL);
  g_thread_join (thread);
}
