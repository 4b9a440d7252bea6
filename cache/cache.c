#include "cache/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "cache/account.h"
#include "cache/eolchange.h"
#include "cache/folders.h"
#include "cache/group.h"
#include "cache/messages.h"
#include "cache/pending.h"
#include "cache/rescue.h"

/* ---- opening and closing ---------------------------------------------- */

static gboolean
make_dir (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0700) == 0)
    return TRUE;
  g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_DENIED, "cannot make %s: %s", path,
               g_strerror (errno));
  return FALSE;
}

/* The lock dies with the process, however that ends. */
static int
take_lock (const char *state_dir, GError **error)
{
  g_autofree char *path = g_build_filename (state_dir, "lock", NULL);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  if (fd >= 0 && errno == EWOULDBLOCK)
    g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_BUSY,
                 "this account is mounted already (%s is locked)", path);
  else
    g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_DENIED, "cannot lock %s: %s", path,
                 g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}

static gboolean
open_index (MfCache *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->options.state_dir, "index.db", NULL);

  self->back = mf_db_open (path, error);
  if (self->back == NULL)
    return FALSE;
  self->front = mf_db_open_lane (self->back, error);
  return self->front != NULL;
}

MfCache *
mf_cache_open (const MfCacheOptions *options, const MfRemoteOps *ops, const MfAccount *account,
               MfEventFunc func, gpointer user_data, GError **error)
{
  g_autoptr (MfCache) self = g_new0 (MfCache, 1);

  self->options = *options;
  self->lock_fd = -1;
  g_mutex_init (&self->lock);
  self->guard = mf_guard_new (options->delete_guard);
  if (!make_dir (options->state_dir, error) || !make_dir (options->cache_dir, error))
    return NULL;
  self->lock_fd = take_lock (options->state_dir, error);
  if (self->lock_fd < 0 || !open_index (self, error))
    return NULL;
  self->drafts = mf_drafts_open (options->state_dir, error);
  if (self->drafts == NULL)
    return NULL;
  self->bodies = mf_bodies_open (options->cache_dir, options->crlf, options->cache_size,
                                 self->back, error);
  if (self->bodies == NULL
      || !mf_eolchange_run (self->bodies, self->drafts, self->back, error)
      || !mf_rescue_unfinished (self, error))
    return NULL;
  self->engine
      = mf_engine_new (&self->options, ops, account, self->back, self->bodies, self->drafts, func,
                     user_data);
  return g_steal_pointer (&self);
}

gboolean
mf_cache_start (MfCache *self, gboolean *out_online, char **out_why, GCancellable *cancellable,
                GError **error)
{
  return mf_engine_start (self->engine, out_online, out_why, cancellable, error);
}

static guint
count_pending (MfDb *db)
{
  return mf_pending_count (db, MF_CHANGE_QUEUED) + mf_pending_count (db, MF_CHANGE_SENT)
         + mf_pending_count (db, MF_CHANGE_DONE) + mf_pending_count (db, MF_CHANGE_HELD);
}

guint
mf_cache_stop (MfCache *self)
{
  mf_engine_drain (self->engine, self->options.drain_s);
  mf_engine_stop (self->engine);
  mf_bodies_sync (self->bodies, self->back, NULL);
  return count_pending (self->back);
}

void
mf_cache_close (MfCache *self)
{
  g_clear_pointer (&self->engine, mf_engine_free);
  g_clear_pointer (&self->bodies, mf_bodies_close);
  g_clear_pointer (&self->drafts, mf_drafts_close);
  g_clear_pointer (&self->front, mf_db_close);
  g_clear_pointer (&self->back, mf_db_close);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  mf_guard_free (self->guard);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
mf_account_may_change (MfCache *self, GError **error)
{
  if (!self->options.read_only)
    return TRUE;
  g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_READ_ONLY, "mounted read-only");
  return FALSE;
}

gboolean
mf_account_begin (MfCache *self, MfDbTxn *txn, GError **error)
{
  return mf_account_may_change (self, error) && mf_db_begin (self->front, txn, error);
}

gboolean
mf_account_commit (MfCache *self, MfDbTxn *txn, GError **error)
{
  if (!mf_db_commit (txn, error))
    return FALSE;
  mf_engine_wake_push (self->engine);
  return TRUE;
}

/* ---- folders and messages --------------------------------------------- */

gboolean
mf_cache_folder (MfCache *self, MfFolderId id, MfFolder *out, GError **error)
{
  return mf_folders_get (self->front, id, out, error);
}

gboolean
mf_cache_folder_child (MfCache *self, MfFolderId parent, const char *name, MfFolder *out,
                       GError **error)
{
  return mf_folders_get_child (self->front, parent, name, out, error);
}

GPtrArray *
mf_cache_folder_children (MfCache *self, MfFolderId parent, GError **error)
{
  return mf_folders_children (self->front, parent, error);
}

gboolean
mf_cache_want_folder (MfCache *self, MfFolderId id, MfDone done, gpointer user_data)
{
  g_auto (MfFolder) folder = { 0 };

  if (mf_folders_get (self->front, id, &folder, NULL) && (folder.known || !folder.selectable))
    {
      mf_engine_note_listing (self->engine, id);
      return FALSE;
    }
  mf_engine_want_folder (self->engine, id, done, user_data);
  return TRUE;
}

gboolean
mf_cache_message (MfCache *self, MfMsgId id, MfMessage *out, GError **error)
{
  return mf_messages_get (self->front, id, out, error);
}

gboolean
mf_cache_message_by_uid (MfCache *self, MfFolderId folder, guint32 uid, MfMessage *out,
                         GError **error)
{
  g_auto (MfMessage) found = { 0 };

  if (!mf_messages_get_uid (self->front, folder, uid, &found, error))
    return FALSE;
  if (found.folder == folder && found.base == NULL && found.place < MF_PLACE_TMP)
    {
      *out = found;
      found = (MfMessage){ 0 };
      return TRUE;
    }
  g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "no such message");
  return FALSE;
}

gboolean
mf_cache_message_by_base (MfCache *self, MfFolderId folder, const char *base, MfMessage *out,
                          GError **error)
{
  return mf_messages_get_base (self->front, folder, FALSE, base, out, error);
}

gboolean
mf_cache_message_in_tmp (MfCache *self, MfFolderId folder, const char *name, MfMessage *out,
                         GError **error)
{
  return mf_messages_get_base (self->front, folder, TRUE, name, out, error);
}

gboolean
mf_cache_list (MfCache *self, MfFolderId folder, MfPlace place, MfMsgId after,
               gboolean (*func) (const MfMessage *message, gpointer user_data),
               gpointer user_data, GError **error)
{
  return mf_messages_list (self->front, folder, place, after, func, user_data, error);
}

/* ---- bodies ----------------------------------------------------------- */

/* Somebody waits for the body of a copy that the server has not made yet: that of
 * its source is the same. */
typedef struct
{
  MfCache *cache;
  MfMsgId id, source;
  MfDone done;
  gpointer user_data;
} CopyWait;

/* Unless the copy has been written anew meanwhile. */
static gboolean
share_body (MfCache *self, MfMsgId source, MfMsgId id, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) copy = { 0 };

  if (!mf_db_begin (self->front, &txn, error)
      || !mf_messages_get (self->front, id, &copy, error))
    return FALSE;
  if (copy.cached || mf_drafts_is_held (self->drafts, id))
    return TRUE;
  return mf_bodies_share (self->front, source, id, error)
         && mf_db_run (self->front, error,
                       "UPDATE message SET exact_size = (SELECT size FROM body WHERE message = ?1)"
                       " WHERE id = ?1",
                       "i", id)
         && mf_db_commit (&txn, error);
}

static void
on_source_body (const GError *failure, gpointer user_data)
{
  CopyWait *self = user_data;
  g_autoptr (GError) error = NULL;

  if (failure == NULL)
    share_body (self->cache, self->source, self->id, &error);
  self->done (failure != NULL ? failure : error, self->user_data);
  g_free (self);
}

static gboolean
want_source_body (MfCache *self, MfMsgId id, MfMsgId source, MfDone done, gpointer user_data)
{
  CopyWait *wait = g_new0 (CopyWait, 1);

  *wait = (CopyWait){ self, id, source, done, user_data };
  if (!mf_cache_want_body (self, source, on_source_body, wait))
    on_source_body (NULL, wait);
  return TRUE;
}

/* What is not here: fetched, or that of a copy's source. */
static gboolean
want_missing_body (MfCache *self, MfMsgId id, MfDone done, gpointer user_data)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 source = 0;

  /* In this order: who is found no copy any more is on the server by then. */
  if (mf_db_number (self->front, 0, &source, &error,
                    "SELECT source FROM change WHERE message = ? AND kind = 2 AND state != 3", "i", id)
      && mf_messages_get (self->front, id, &message, &error) && message.home == 0
      && !message.cached && source == 0 && !mf_drafts_is_held (self->drafts, id))
    g_set_error_literal (&error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "the body has gone");
  if (error != NULL)
    {
      done (error, user_data);
      return TRUE;
    }
  if (message.cached || mf_drafts_is_held (self->drafts, id))
    return FALSE;
  if (message.home == 0)
    return want_source_body (self, id, source, done, user_data);
  mf_engine_want_body (self->engine, self->front, &message, done, user_data);
  return TRUE;
}

gboolean
mf_cache_want_body (MfCache *self, MfMsgId id, MfDone done, gpointer user_data)
{
  g_auto (MfMessage) message = { 0 };

  if (mf_messages_get (self->front, id, &message, NULL))
    {
      mf_engine_note_open (self->engine, &message);
      if (message.cached)
        return FALSE;
    }
  return want_missing_body (self, id, done, user_data);
}

/* What is being written is what is read.  NULL without @error: it is no draft. */
static MfBody *
open_draft_body (MfCache *self, MfMsgId id, GError **error)
{
  g_auto (MfMessage) message = { 0 };

  if (!mf_messages_get (self->front, id, &message, error)
      || (!message.draft && !mf_drafts_is_held (self->drafts, id)))
    return NULL;
  message.version = mf_drafts_version (self->drafts, &message);
  int fd = mf_drafts_open_file (self->drafts, &message, error);
  return fd >= 0 ? mf_body_new_file (fd) : NULL;
}

MfBody *
mf_cache_body_open (MfCache *self, MfMsgId id, GError **error)
{
  GError *local = NULL;
  MfBody *body = NULL;

  if (!mf_drafts_is_held (self->drafts, id))
    body = mf_bodies_get (self->bodies, self->front, id, &local);
  if (body == NULL)
    {
      body = open_draft_body (self, id, local == NULL ? error : NULL);
      if (body == NULL && local != NULL)
        g_propagate_error (error, g_steal_pointer (&local));
      g_clear_error (&local);
    }
  if (body == NULL)
    return NULL;
  g_mutex_lock (&self->lock);
  self->recent[self->n_recent++ % G_N_ELEMENTS (self->recent)] = id;
  g_mutex_unlock (&self->lock);
  return body;
}

/* ---- the journal ------------------------------------------------------ */

gboolean
mf_cache_sync_disk (MfCache *self, GError **error)
{
  return mf_drafts_sync (self->drafts, error) && mf_db_sync (self->front, error);
}

gboolean
mf_cache_want_pushed (MfCache *self, MfDone done, gpointer user_data)
{
  if (mf_pending_first (self->front) == G_MAXINT64)
    return FALSE;
  mf_engine_want_pushed (self->engine, mf_pending_last (self->front), FALSE, done, user_data);
  return TRUE;
}

gboolean
mf_cache_want_own_pushed (MfCache *self, MfMsgId message, MfDone done, gpointer user_data)
{
  if (mf_drafts_is_held (self->drafts, message))
    return mf_cache_want_pushed (self, done, user_data);
  if (mf_group_first_free (self->front, self->drafts) == G_MAXINT64)
    return FALSE;
  mf_engine_want_pushed (self->engine, mf_pending_last (self->front), TRUE, done, user_data);
  return TRUE;
}

/* ---- state ------------------------------------------------------------ */

static void
count_index (MfDb *db, MfStatus *out)
{
  gint64 folders = 0, known = 0, messages = 0, cached = 0, lost = 0;

  if (mf_db_number (db, 0, &folders, NULL, "SELECT COUNT(*) FROM folder WHERE selectable", "")
      && mf_db_number (db, 0, &known, NULL,
                       "SELECT COUNT(*) FROM folder WHERE selectable AND known", "")
      && mf_db_number (db, 0, &messages, NULL, "SELECT (SELECT COUNT(*) FROM message WHERE place < 2 AND folder != 0)"
                       " + (SELECT TOTAL(messages) FROM folder WHERE NOT known)",
                       "")
      && mf_db_number (db, 0, &cached, NULL,
                       "SELECT (SELECT COUNT(*) FROM body)"
                       " + (SELECT COUNT(*) FROM message WHERE draft != 0 AND draft = 1 AND place < 2)",
                       "")
      && mf_db_number (db, 0, &lost, NULL,
                       "SELECT COUNT(*) FROM message WHERE folder = ? AND place < 2", "i",
                       MF_FOLDER_LOST))
    {
      out->folders = (guint) folders;
      out->known_folders = (guint) known;
      out->messages = (guint64) messages;
      out->lost = (guint) lost;
      out->cached_messages = (guint64) MIN (cached, messages); /* some are of the removed */
    }
}

static guint
count_missing (MfDb *db, MfFolderId folder)
{
  gint64 n = 0;

  return mf_db_number (db, 0, &n, NULL,
                       "SELECT COUNT(*) FROM message WHERE home = ? AND NOT draft"
                       " AND NOT EXISTS (SELECT 1 FROM body WHERE message = message.id)",
                       "i", folder)
             ? (guint) n
             : 0;
}

void
mf_cache_status (MfCache *self, MfStatus *out)
{
  *out = (MfStatus){ 0 };
  count_index (self->front, out);
  out->pending = count_pending (self->front);
  out->held = mf_pending_count (self->front, MF_CHANGE_HELD);
  out->failures = mf_account_failures (self);
  out->failed = out->failures->len;
  out->cache_bytes = mf_bodies_total (self->bodies);
  out->cache_limit_bytes = self->options.cache_size;
  MfTraffic *traffic = self->engine->account->traffic;
  if (traffic != NULL)
    {
      out->received_bytes = (gsize) g_atomic_pointer_get (&traffic->received_bytes);
      out->sent_bytes = (gsize) g_atomic_pointer_get (&traffic->sent_bytes);
    }
  out->online = mf_cache_is_online (self, &out->trouble);
  out->quota = mf_cache_quota (self);
  g_mutex_lock (&self->engine->lock);
  out->fetching = mf_waiters_count (self->engine->body_waits)
                  + g_hash_table_size (self->engine->in_flight);
  MfFolderId ordered = mf_prefetcher_ordered (self->engine->prefetcher);
  g_mutex_unlock (&self->engine->lock);
  if (ordered != 0)
    out->prefetching = count_missing (self->front, ordered);
}

void
mf_cache_count (MfCache *self, guint64 *out_folders, guint64 *out_messages)
{
  gint64 folders = 0, messages = 0;

  if (!mf_db_number (self->front, 0, &folders, NULL,
                     "SELECT COUNT(*) FROM folder WHERE selectable", "")
      || !mf_db_number (self->front, 0, &messages, NULL, "SELECT TOTAL(messages) FROM folder", ""))
    folders = messages = 0;
  *out_folders = (guint64) folders;
  *out_messages = (guint64) messages;
}

gboolean
mf_cache_is_online (MfCache *self, char **out_trouble)
{
  g_mutex_lock (&self->engine->lock);
  gboolean online = self->engine->online;
  *out_trouble = g_strdup (self->engine->trouble);
  g_mutex_unlock (&self->engine->lock);
  return online;
}

MfQuota
mf_cache_quota (MfCache *self)
{
  g_mutex_lock (&self->engine->lock);
  MfQuota quota = self->engine->quota;
  g_mutex_unlock (&self->engine->lock);
  return quota;
}

void
mf_status_clear (MfStatus *status)
{
  g_clear_pointer (&status->trouble, g_free);
  g_clear_pointer (&status->failures, g_ptr_array_unref);
}
