/* engine.h - what is to be done with the server, and the threads that do it.
 *
 * Shape:   queues of folders to pull and bodies to fetch, with those who wait for
 *          them; four workers (worker.c, watch.c, pusher.c), each with a session of its own:
 *          front  what somebody waits for now
 *          back   what can wait: reading ahead, prefetch, folders that changed
 *          watch  IDLE on INBOX, the poll, and coming back after a loss
 *          push   the journal
 *          besides, where the server announces nothing, lookouts (lookouts.h)
 * State:   online until an operation and the try after it fail, then offline until
 *          the watch has a session again (online.c).  Offline, nothing is waited for.
 * Threads: any.  Lock order: lock, then a database lane.
 * Errors:  callbacks get MF_CACHE_ERROR.
 */
#pragma once

#include "cache/bodies.h"
#include "cache/cache.h"
#include "cache/db.h"
#include "cache/drafts.h"
#include "cache/link.h"
#include "cache/prefetch.h"
#include "cache/pull.h"
#include "cache/readahead.h"
#include "cache/waiters.h"

typedef enum
{
  MF_WORKER_FRONT,
  MF_WORKER_BACK,
  MF_WORKER_WATCH,
  MF_WORKER_PUSH,
  MF_N_WORKERS,
} MfWorkerKind;

typedef struct _MfNetwork MfNetwork; /* network.h */
typedef struct _MfLookouts MfLookouts; /* lookouts.h */

typedef struct
{
  const MfCacheOptions *options;
  const MfRemoteOps *ops;
  const MfAccount *account;
  MfDb *db; /* the workers' lane */
  MfBodies *bodies;
  MfDrafts *drafts;
  MfEventFunc func;
  gpointer user_data;
  MfFolderFilter filter;

  MfLink *links[MF_N_WORKERS]; /* each its worker's own */
  GThread *threads[MF_N_WORKERS];
  MfNetwork *network; /* (nullable) while it is started */
  MfLookouts *lookouts;

  GMutex lock; /* guards the rest */
  GCond changed;
  gboolean stopping;
  gboolean online;
  gboolean unwanted;        /* offline by the user's wish */
  gint64 unlisted_until_us; /* monotonic: the folders have not been listed since it was offline,
                             * and until then nothing is sent to what may be called otherwise now;
                             * 0: they have been; G_MAXINT64 offline */
  char *trouble;            /* (nullable) why not */
  gint64 retry_at_us;       /* monotonic; offline only */
  guint backoff_ms;
  gint64 shares_until_us[MF_N_WORKERS]; /* monotonic: has no session of its own, for there are
                                         * too many; uses the front's */
  GCancellable *wake_watch; /* ends its IDLE */
  gint64 poll_at_us;        /* monotonic: the folders are to be listed again */
  gint64 flags_at_us;       /* monotonic: and their flags looked at where no STATUS tells of them */
  MfQuota quota;            /* of INBOX, zeroes when unknown */
  MfWaiters *folder_waits, *body_waits;
  GQueue *front_pulls, *back_pulls; /* of MfFolderId */
  GHashTable *pulling;              /* MfFolderId that a worker is at */
  GHashTable *again;                /* of those: to be pulled once more afterwards */
  GQueue *wanted;                   /* of MfWantedIn, somebody waits */
  GHashTable *in_flight;            /* MfMsgId asked for now */
  MfReadahead *readahead;
  gboolean back_rests;              /* that worker waits: it must be woken for a walk */
  MfPrefetcher *prefetcher;
  gint64 first_change_us, last_change_us; /* of a burst not sent yet; first 0: none */
  gboolean draining;                      /* no waiting for more */
  guint pushes;                           /* runs of the push worker, to wait for */
  MfWaiters *push_waits;                  /* by the highest seq they wait for, */
  MfWaiters *own_waits;                   /* likewise, but for no writer of another message */
  MfWaiters *fresh_waits;                 /* all of id 0 */
  guint upload_alone;                     /* of a refused batch; the push worker's own */
} MfEngine;

/* A body and the folder to select for it. */
typedef struct
{
  MfWanted wanted;
  MfFolderId folder;
} MfWantedIn;

MfEngine *mf_engine_new (const MfCacheOptions *options, const MfRemoteOps *ops,
                         const MfAccount *account, MfDb *db, MfBodies *bodies, MfDrafts *drafts,
                         MfEventFunc func, gpointer user_data);
void mf_engine_free (MfEngine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfEngine, mf_engine_free)

/* As mf_cache_start(), mf_cache_stop(). */
gboolean mf_engine_start (MfEngine *self, gboolean *out_online, char **out_why,
                          GCancellable *cancellable, GError **error);
void mf_engine_stop (MfEngine *self);

/* As mf_cache_want_folder() and _body() of what was not here; @db: the caller's lane. */
void mf_engine_want_folder (MfEngine *self, MfFolderId id, MfDone done, gpointer user_data);
void mf_engine_want_body (MfEngine *self, MfDb *db, const MfMessage *message, MfDone done,
                          gpointer user_data);
/* A reader opens @message. */
void mf_engine_note_open (MfEngine *self, const MfMessage *message);
/* A reader lists a folder that is known. */
void mf_engine_note_listing (MfEngine *self, MfFolderId id);

/* Queues folders to be pulled in the background. */
void mf_engine_pull_later (MfEngine *self, const GArray *ids);

/* Something is in the journal.  The first of a burst wakes the worker. */
void mf_engine_wake_push (MfEngine *self);
/* As mf_cache_want_pushed() or, @own, _own_pushed(), up to entry @seq. */
void mf_engine_want_pushed (MfEngine *self, gint64 seq, gboolean own, MfDone done,
                            gpointer user_data);
/* With the lock: who waits for entry @seq and those before it, as mf_waiters_take_from(). */
GArray *mf_engine_take_push_waits (MfEngine *self, gint64 seq);
gboolean mf_engine_has_push_waits (MfEngine *self);
/* @done is called once: everything was sent, then every folder was brought up to date. */
void mf_engine_want_fresh (MfEngine *self, MfDone done, gpointer user_data);
/* As mf_cache_prefetch(); @known: it was listed before. */
void mf_engine_order_bodies (MfEngine *self, MfFolderId folder, gboolean known);
/* As the user wishes: no session until online; a try now, not after the back-off. */
void mf_engine_go_offline (MfEngine *self);
void mf_engine_go_online (MfEngine *self);
/* The network has come or changed: a session that may be dead is tried, and no
 * back-off waited for. */
void mf_engine_look_now (MfEngine *self);
/* Sends what is in the journal, for at most @seconds. */
void mf_engine_drain (MfEngine *self, guint seconds);

/* ---- for the workers -------------------------------------------------- */

gboolean mf_engine_is_stopping (MfEngine *self);
void mf_engine_set_online (MfEngine *self);
/* The server has done more than let us in: the next wait for it is a short one again. */
void mf_engine_end_backoff (MfEngine *self);
/* Everybody who waits is told; the watch tries again later. */
void mf_engine_set_offline (MfEngine *self, const GError *error);
/* Takes the worker's link, with a session, to be given back after the task: its own, or the
 * front's when the server allows no more.  NULL: offline.  Sets the state.
 * @out_fresh (optional): the session was opened just now. */
MfLink *mf_engine_take_link (MfEngine *self, MfWorkerKind kind, gboolean *out_fresh,
                             GError **error);
/* By the user's wish. */
gboolean mf_engine_has_link (const MfEngine *self, MfWorkerKind kind);
gboolean mf_engine_shares_link (MfEngine *self, MfWorkerKind kind);
/* With the lock: TRUE when the session was not wanted any more and was closed, with
 * the lock given up meanwhile. */
gboolean mf_engine_hang_up (MfEngine *self, MfWorkerKind kind);
/* Brings the tree up to date; those in @out_stale are to be pulled.  @all: whatever it
 * costs, else what only may have changed is left out too soon after the last look. */
gboolean mf_engine_list_folders (MfEngine *self, MfLink *link, gboolean all, GArray *out_stale,
                                 GError **error);
/* FALSE: somebody is at it, or an answer about it is still to be found out: it
 * will be pulled afterwards.  @anew: the mailbox is selected for it, which answers
 * what was queued before as well. */
gboolean mf_engine_begin_pull (MfEngine *self, MfFolderId id, gboolean anew);
void mf_engine_end_pull (MfEngine *self, MfFolderId id, const GError *error);

/* What a worker's transactions work on. */
MfSettle mf_engine_settle (MfEngine *self, MfNews *news);
/* Waits until nobody pulls @id, and keeps others from it; FALSE when stopping. */
gboolean mf_engine_wait_pull (MfEngine *self, MfFolderId id);
void mf_engine_release_pull (MfEngine *self, MfFolderId id);
/* Nothing is SENT or DONE any more: what waited for that is pulled. */
void mf_engine_settled (MfEngine *self);
/* As mf_engine_pull_later() for one; only once while it is in the queue. */
void mf_engine_pull_soon (MfEngine *self, MfFolderId id);
/* If somebody is at it, it is pulled once more afterwards; FALSE: nobody is. */
gboolean mf_engine_pull_again (MfEngine *self, MfFolderId id);
/* The same, and soon if nobody is at it, but somebody was. */
void mf_engine_pull_if_listed (MfEngine *self, MfFolderId id);
/* As mf_engine_pull_again() for all that nobody has seen yet, whose changes no STATUS shows. */
void mf_engine_pull_new_again (MfEngine *self);
/* A line for the log. */
void mf_engine_tell_trouble (MfEngine *self, const char *text);
/* The push worker tries again after a while. */
void mf_engine_push_later (MfEngine *self, const GError *error);
/* The entry @seq was refused: whoever waits for it is told. */
void mf_engine_tell_refused (MfEngine *self, gint64 seq, const GError *why);

gpointer mf_pusher_run (gpointer engine);   /* pusher.c */
gpointer mf_worker_front (gpointer engine); /* worker.c */
gpointer mf_worker_back (gpointer engine);
gpointer mf_watch_run (gpointer engine);    /* watch.c */
