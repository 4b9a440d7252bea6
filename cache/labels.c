#include "cache/labels.h"

#include "cache/account.h"
#include "cache/keywords.h"
#include "cache/messages.h"
#include "cache/pending.h"

/* @set without @less, and @more without @except.  (transfer full) (nullable) */
static char *
combine (const char *set, const char *less, const char *more, const char *except)
{
  g_autofree char *kept = mf_keywords_remove (set, less);
  g_autofree char *fresh = mf_keywords_remove (more, except);

  return mf_keywords_add (kept, fresh);
}

static gboolean
store_labels (MfDb *db, MfMsgId id, const char *labels, GError **error)
{
  return mf_db_run (db, error, "UPDATE message SET labels = ? WHERE id = ?", "si",
                    labels != NULL ? labels : "", id);
}

/* ---- the journal ------------------------------------------------------ */

/* The entry that may still be changed; *@out_seq 0: there is none. */
static gboolean
find_open (MfDb *db, MfMsgId message, MfSeq *out_seq, char **out_add, char **out_remove,
           GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  *out_seq = 0;
  if (!mf_db_query (db, &query, error,
                    "SELECT seq, add_keywords, remove_keywords FROM change"
                    " WHERE message = ? AND kind = ? AND state = 0 AND uidnext = 0"
                    " ORDER BY seq DESC LIMIT 1",
                    "ii", message, (gint64) MF_CHANGE_LABELS))
    return FALSE;
  if (mf_db_next (&query, &local))
    {
      *out_seq = mf_db_int (&query, 0);
      *out_add = g_strdup (mf_db_text (&query, 1));
      *out_remove = g_strdup (mf_db_text (&query, 2));
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
mf_labels_journal (MfDb *db, MfMsgId message, const char *add, const char *remove, GError **error)
{
  g_autofree char *added = NULL, *removed = NULL;
  MfSeq seq = 0;

  if (!find_open (db, message, &seq, &added, &removed, error))
    return FALSE;
  /* What was to go and now stays needs no telling, and the other way round. */
  g_autofree char *more = combine (added, remove, add, removed);
  g_autofree char *less = combine (removed, add, remove, added);
  if (more == NULL && less == NULL)
    return seq == 0 || mf_pending_remove (db, seq, error);
  if (seq != 0)
    return mf_db_run (db, error,
                      "UPDATE change SET add_keywords = ?, remove_keywords = ? WHERE seq = ?",
                      "ssi", more, less, seq);
  return mf_db_run (db, error,
                    "INSERT INTO change (kind, message, add_keywords, remove_keywords, made)"
                    " VALUES (?, ?, ?, ?, ?)",
                    "iissi", (gint64) MF_CHANGE_LABELS, message, more, less,
                    g_get_real_time () / G_USEC_PER_SEC);
}

gboolean
mf_labels_merge (MfDb *db, MfMsgId message, char **labels, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  if (!mf_db_query (db, &query, error,
                    "SELECT add_keywords, remove_keywords FROM change"
                    " WHERE message = ? AND kind = ? AND state != 3 ORDER BY seq",
                    "ii", message, (gint64) MF_CHANGE_LABELS))
    return FALSE;
  while (mf_db_next (&query, &local))
    {
      char *merged = combine (*labels, mf_db_text (&query, 1), mf_db_text (&query, 0), NULL);
      g_free (*labels);
      *labels = merged != NULL ? merged : g_strdup ("");
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
mf_labels_revert (MfDb *db, const MfMessage *row, const char *add, const char *remove,
                  GError **error)
{
  g_autofree char *labels = combine (row->labels, add, remove, NULL);

  return mf_labels_merge (db, row->id, &labels, error) && store_labels (db, row->id, labels, error);
}

/* ---- the door --------------------------------------------------------- */

gboolean
mf_cache_set_labels (MfCache *self, const MfMessage *seen, const char *labels, GError **error)
{
  MfMsgId id = seen->id;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) row = { 0 };

  if (!mf_account_begin (self, &txn, error) || !mf_messages_get (self->front, id, &row, error))
    return FALSE;
  if (row.labels == NULL || (row.draft && row.home == 0))
    {
      g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_UNSUPPORTED,
                           "the server has no labels for this message");
      return FALSE;
    }
  g_autofree char *gone = mf_keywords_remove (seen->labels, labels);
  g_autofree char *after = combine (row.labels, gone, labels, seen->labels);
  g_autofree char *more = mf_keywords_remove (after, row.labels);
  g_autofree char *less = mf_keywords_remove (row.labels, after);
  return store_labels (self->front, id, after, error)
         && mf_labels_journal (self->front, id, more, less, error)
         && mf_account_commit (self, &txn, error);
}
