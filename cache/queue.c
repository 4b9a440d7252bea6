/* The journal as users see and steer it: cache.h's queue, and the guard. */
#include "cache/account.h"
#include "cache/folders.h"
#include "cache/messages.h"
#include "cache/pending.h"

static const char *const kind_names[] = {
  [MF_CHANGE_FLAGS] = "flags",     [MF_CHANGE_MOVE] = "move",     [MF_CHANGE_COPY] = "copy",
  [MF_CHANGE_APPEND] = "upload",   [MF_CHANGE_EXPUNGE] = "remove", [MF_CHANGE_CREATE] = "make folder",
  [MF_CHANGE_DELETE] = "remove folder", [MF_CHANGE_RENAME] = "rename folder",
  [MF_CHANGE_SUBSCRIBE] = "subscribe", [MF_CHANGE_LABELS] = "labels",
};

static const char *const state_names[] = {
  [MF_CHANGE_QUEUED] = "pending", [MF_CHANGE_SENT] = "sent",     [MF_CHANGE_HELD] = "held",
  [MF_CHANGE_FAILED] = "failed",  [MF_CHANGE_DONE] = "answered",
};

static char *
describe (MfCache *self, const MfChange *change)
{
  g_auto (MfFolder) folder = { 0 };
  const char *why = change->error;
  const char *name = change->message == 0 ? change->name : NULL;

  if (name == NULL && mf_folders_get (self->front, change->folder, &folder, NULL))
    name = folder.name;
  return g_strdup_printf ("%" G_GINT64_FORMAT " %s: %s%s%s%s%s", change->seq,
                          state_names[change->state], kind_names[change->kind],
                          name != NULL ? " " : "", name != NULL ? name : "",
                          why != NULL ? ": " : "", why != NULL ? why : "");
}

static gboolean
describe_all (MfCache *self, MfChangeState state, GPtrArray *lines, GError **error)
{
  g_autoptr (GArray) changes = mf_pending_list (self->front, state, error);

  for (guint i = 0; changes != NULL && i < changes->len; i++)
    g_ptr_array_add (lines, describe (self, &g_array_index (changes, MfChange, i)));
  return changes != NULL;
}

GPtrArray *
mf_cache_queue (MfCache *self, GError **error)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  for (MfChangeState state = MF_CHANGE_QUEUED; state <= MF_CHANGE_DONE; state++)
    if (!describe_all (self, state, lines, error))
      return NULL;
  return g_steal_pointer (&lines);
}

GPtrArray *
mf_account_failures (MfCache *self)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  describe_all (self, MF_CHANGE_FAILED, lines, NULL);
  return lines;
}

/* What was refused together with its folder, or has lost its place to another client. */
static char *
state_without_change (MfCache *self, MfMsgId id)
{
  g_auto (MfMessage) row = { 0 };

  if (mf_messages_get (self->front, id, &row, NULL) && row.folder == MF_FOLDER_LOST)
    return g_strdup ("failed: no place on the server, it is only here");
  return g_strdup ("synced");
}

char *
mf_cache_message_state (MfCache *self, MfMsgId id)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (!mf_db_query (self->front, &query, NULL,
                    "SELECT kind, state, error FROM change WHERE message = ? ORDER BY seq DESC", "i",
                    id)
      || !mf_db_next (&query, NULL))
    return state_without_change (self, id);
  const char *kind = kind_names[mf_db_int (&query, 0)];
  const char *why = mf_db_text (&query, 2);
  switch ((MfChangeState) mf_db_int (&query, 1))
    {
    case MF_CHANGE_FAILED:
      return g_strdup_printf ("failed: %s: %s", kind, why != NULL ? why : "no reason given");
    case MF_CHANGE_HELD:
      return g_strdup_printf ("pending: %s (held)", kind);
    default:
      return g_strdup_printf ("pending: %s", kind);
    }
}

/* ---- steering --------------------------------------------------------- */

static gboolean
change_all (MfCache *self, const char *sql, gint64 argument, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_db_begin (self->front, &txn, error) || !mf_db_run (self->front, error, sql, "i", argument)
      || !mf_db_commit (&txn, error))
    return FALSE;
  mf_engine_wake_push (self->engine);
  return TRUE;
}

/* The entry alone: what went to lost+found with it stays there. */
gboolean
mf_cache_discard (MfCache *self, gint64 seq, GError **error)
{
  gint64 failed = 0;

  if (!mf_db_number (self->front, 0, &failed, error,
                     "SELECT 1 FROM change WHERE seq = ? AND state = 3", "i", seq))
    return FALSE;
  if (failed == 0)
    {
      g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND,
                   "no change %" G_GINT64_FORMAT " has failed", seq);
      return FALSE;
    }
  return change_all (self, "DELETE FROM change WHERE seq = ? AND state = 3", seq, error);
}

void
mf_cache_go_online (MfCache *self)
{
  mf_engine_go_online (self->engine);
}

void
mf_cache_go_offline (MfCache *self)
{
  mf_engine_go_offline (self->engine);
}

gboolean
mf_cache_prefetch (MfCache *self, MfFolderId id, GError **error)
{
  g_auto (MfFolder) folder = { 0 };

  if (!mf_folders_get (self->front, id, &folder, error))
    return FALSE;
  if (folder.selectable)
    mf_engine_order_bodies (self->engine, id, folder.known);
  return TRUE;
}

/* ---- the guard against removing everything ---------------------------- */

/* Counts a removal; TRUE when there are too many for a minute. */
static gboolean
is_runaway (MfCache *self)
{
  gboolean runaway;

  g_mutex_lock (&self->lock);
  runaway = mf_guard_count (self->guard, g_get_monotonic_time ());
  g_mutex_unlock (&self->lock);
  return runaway;
}

gboolean
mf_account_guard_removal (MfCache *self, GError **error)
{
  if (!is_runaway (self))
    return TRUE;
  return mf_db_run (self->front, error,
                    "UPDATE change SET state = 2 WHERE state = 0 AND removal", "");
}

static void
stop_guarding (MfCache *self)
{
  g_mutex_lock (&self->lock);
  mf_guard_reset (self->guard);
  g_mutex_unlock (&self->lock);
}

gboolean
mf_cache_release (MfCache *self, GError **error)
{
  stop_guarding (self);
  return change_all (self, "UPDATE change SET state = 0 WHERE state = ?", MF_CHANGE_HELD, error);
}

/* Nothing was noted of what the server said of them while they were away. */
static void
look_again (MfCache *self, const GArray *changes)
{
  g_autoptr (GHashTable) homes
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  for (guint i = 0; i < changes->len; i++)
    {
      g_auto (MfMessage) row = { 0 };
      MfMsgId id = g_array_index (changes, MfChange, i).message;
      if (mf_messages_get (self->front, id, &row, NULL) && row.home != 0
          && g_hash_table_add (homes, g_memdup2 (&row.home, sizeof row.home)))
        mf_engine_pull_soon (self->engine, row.home);
    }
}

/* Back to where the server still has them. */
gboolean
mf_cache_restore (MfCache *self, GError **error)
{
  g_autoptr (MfNews) news = mf_news_new (self->engine->func, self->engine->user_data);
  MfSettle settle = { self->front, self->drafts, self->bodies, news };
  g_autoptr (GArray) held = NULL;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  stop_guarding (self);
  if (!mf_db_begin (self->front, &txn, error))
    return FALSE;
  held = mf_pending_list (self->front, MF_CHANGE_HELD, error);
  for (guint i = 0; held != NULL && i < held->len; i++)
    if (!mf_settle_taken_back (&settle, &g_array_index (held, MfChange, i), error))
      return FALSE;
  if (held == NULL || !mf_db_commit (&txn, error))
    return FALSE;
  mf_news_send (news);
  look_again (self, held);
  return TRUE;
}
