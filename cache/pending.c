#include "cache/pending.h"

#include "cache/keywords.h"

/* ---- looking up ------------------------------------------------------- */

GArray *
mf_pending_list (MfDb *db, MfChangeState state, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  g_autoptr (GArray) changes = g_array_new (FALSE, TRUE, sizeof (MfChange));
  GError *local = NULL;
  MfChange change;

  g_array_set_clear_func (changes, (GDestroyNotify) mf_entry_clear);
  if (!mf_db_query (db, &query, error, "SELECT " MF_ENTRY_COLUMNS " FROM change WHERE state = ? ORDER BY seq",
                    "i", (gint64) state))
    return NULL;
  while (mf_entry_next (&query, &change, &local))
    g_array_append_val (changes, change);
  if (local == NULL)
    return g_steal_pointer (&changes);
  g_propagate_error (error, local);
  return NULL;
}

gboolean
mf_pending_get (MfDb *db, MfSeq seq, MfChange *out, gboolean *out_found, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  if (!mf_db_query (db, &query, error, "SELECT " MF_ENTRY_COLUMNS " FROM change WHERE seq = ?", "i", seq))
    return FALSE;
  *out_found = mf_entry_next (&query, out, &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

guint
mf_pending_count (MfDb *db, MfChangeState state)
{
  gint64 n = 0;

  return mf_db_number (db, 0, &n, NULL, "SELECT COUNT(*) FROM change WHERE state = ?", "i",
                       (gint64) state)
             ? (guint) n
             : 0;
}

MfSeq
mf_pending_first (MfDb *db)
{
  gint64 seq = 0;

  return mf_db_number (db, 0, &seq, NULL,
                       "SELECT COALESCE(MIN(seq), 9223372036854775807) FROM change"
                       " WHERE state IN (0, 1, 4)",
                       "")
             ? seq
             : 0;
}

MfSeq
mf_pending_last (MfDb *db)
{
  gint64 seq = 0;

  return mf_db_number (db, 0, &seq, NULL, "SELECT seq FROM sqlite_sequence WHERE name = 'change'",
                       "")
             ? seq
             : 0;
}

gboolean
mf_pending_is_sent (MfDb *db, MfMsgId message, gboolean *out_sent, GError **error)
{
  gint64 sent = 0;

  if (!mf_db_number (db, 0, &sent, error,
                     "SELECT 1 FROM change WHERE message = ? AND state IN (1, 4) LIMIT 1", "i", message))
    return FALSE;
  *out_sent = sent != 0;
  return TRUE;
}

gboolean
mf_pending_is_moving (MfDb *db, MfMsgId message, gboolean *out_moving, GError **error)
{
  gint64 moving = 0;

  if (!mf_db_number (db, 0, &moving, error,
                     "SELECT 1 FROM change WHERE message = ? AND kind IN (1, 2, 3) AND state != 3",
                     "i", message))
    return FALSE;
  *out_moving = moving != 0;
  return TRUE;
}

gboolean
mf_pending_source (MfDb *db, MfMsgId message, MfMsgId *out_source, GError **error)
{
  return mf_db_number (db, 0, out_source, error,
                       "SELECT source FROM change WHERE message = ? AND kind = 2 AND state != 3",
                       "i", message);
}

gboolean
mf_pending_merge_flags (MfDb *db, MfMsgId message, MfFlags *flags, char **keywords,
                        GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  if (!mf_db_query (db, &query, error,
                    "SELECT add_flags, remove_flags, add_keywords, remove_keywords FROM change"
                    " WHERE message = ? AND kind = 0 AND state != 3 ORDER BY seq",
                    "i", message))
    return FALSE;
  while (mf_db_next (&query, &local))
    {
      *flags = (*flags | (MfFlags) mf_db_int (&query, 0)) & ~(MfFlags) mf_db_int (&query, 1);
      g_autofree char *more = mf_keywords_add (*keywords, mf_db_text (&query, 2));
      g_free (*keywords);
      *keywords = mf_keywords_remove (more, mf_db_text (&query, 3));
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
mf_pending_undo_flags (MfDb *db, MfMsgId message, MfFlags *flags, char **keywords, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  if (!mf_db_query (db, &query, error,
                    "SELECT add_flags, remove_flags, add_keywords, remove_keywords FROM change"
                    " WHERE message = ?1 AND kind = 0 AND state = 0 AND NOT " MF_ENTRY_IS_COPIED
                    " ORDER BY seq DESC",
                    "i", message))
    return FALSE;
  while (mf_db_next (&query, &local))
    {
      *flags = (*flags & ~(MfFlags) mf_db_int (&query, 0)) | (MfFlags) mf_db_int (&query, 1);
      g_autofree char *fewer = mf_keywords_remove (*keywords, mf_db_text (&query, 2));
      g_free (*keywords);
      *keywords = mf_keywords_add (fewer, mf_db_text (&query, 3));
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
mf_pending_successor (MfDb *db, MfMsgId message, MfMsgId *out, GError **error)
{
  return mf_db_number (db, 0, out, error,
                       "SELECT after FROM change AS going"
                       " WHERE kind = 4 AND message = ? AND state != 3"
                       " AND EXISTS (SELECT 1 FROM change WHERE message = going.after"
                       "             AND kind IN (2, 3) AND state != 3)",
                       "i", message);
}

gboolean
mf_pending_is_unsettled (MfDb *db, MfFolderId folder)
{
  gint64 found = 0;

  return !mf_db_number (db, 0, &found, NULL,
                        "SELECT 1 FROM change WHERE state IN (1, 4) AND kind IN (1, 2, 3)"
                        " AND (folder = ?1 OR EXISTS (SELECT 1 FROM message"
                        "      WHERE message.id = change.message AND home = ?1)) LIMIT 1",
                        "i", folder)
         || found != 0;
}

gboolean
mf_pending_has_folder_changes (MfDb *db)
{
  gint64 n = 1;

  return !mf_db_number (db, 0, &n, NULL,
                        "SELECT 1 FROM change WHERE message IS NULL AND state != 3 LIMIT 1", "")
         || n != 0;
}

MfSeq
mf_pending_last_of_folders (MfDb *db)
{
  gint64 n = 0;

  return mf_db_number (db, 0, &n, NULL, "SELECT value FROM meta WHERE key = 'folder_changes'", "")
             ? n
             : 0;
}

gboolean
mf_pending_count_folder_change (MfDb *db, GError **error)
{
  return mf_db_run (db, error,
                    "INSERT INTO meta VALUES ('folder_changes', 1)"
                    " ON CONFLICT (key) DO UPDATE SET value = value + 1",
                    "");
}

/* ---- settling --------------------------------------------------------- */

gboolean
mf_pending_set_state (MfDb *db, MfSeq seq, MfChangeState state, const char *why, GError **error)
{
  return mf_db_run (db, error, "UPDATE change SET state = ?, error = ? WHERE seq = ?", "isi",
                    (gint64) state, why, seq);
}

gboolean
mf_pending_mark_sent (MfDb *db, const MfChange *as_seen, guint32 uidnext, const char *digest,
                      gboolean *out_marked, GError **error)
{
  if (!mf_db_run (db, error,
                  "UPDATE change SET state = 1, digest = ?,"
                  " uidnext = CASE WHEN kind IN (1, 2, 3) THEN ? ELSE uidnext END WHERE seq = ?"
                  " AND kind = ? AND state = 0 AND folder IS ? AND source IS ?"
                  " AND parent IS ? AND name IS ?"
                  " AND add_flags = ? AND remove_flags = ?"
                  " AND add_keywords IS ? AND remove_keywords IS ?",
                  "siiinnnsiiss", digest, (gint64) uidnext, as_seen->seq, (gint64) as_seen->kind,
                  as_seen->folder, as_seen->source, as_seen->parent, as_seen->name,
                  (gint64) as_seen->add_flags,
                  (gint64) as_seen->remove_flags, as_seen->add_keywords,
                  as_seen->remove_keywords))
    return FALSE;
  *out_marked = mf_db_n_changed (db) == 1;
  return TRUE;
}

/* Flags that were changed since travel with an upload. */
gboolean
mf_pending_queue_again (MfDb *db, const MfChange *change, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE change SET state = 0, error = NULL,"
                    " uidnext = CASE WHEN kind IN (1, 2, 3) THEN uidnext ELSE 1 END WHERE seq = ?",
                    "i", change->seq)
         && (change->kind != MF_CHANGE_APPEND
             || mf_db_run (db, error,
                           "DELETE FROM change WHERE message = ? AND kind = 0 AND state = 0", "i",
                           change->message));
}

gboolean
mf_pending_remove (MfDb *db, MfSeq seq, GError **error)
{
  return mf_db_run (db, error, "DELETE FROM change WHERE seq = ?", "i", seq);
}

gboolean
mf_pending_set_flags (MfDb *db, const MfChange *change, GError **error)
{
  if (!mf_entry_has_flags (change))
    return mf_pending_remove (db, change->seq, error);
  return mf_db_run (db, error,
                    "UPDATE change SET add_flags = ?, remove_flags = ?, add_keywords = ?,"
                    " remove_keywords = ? WHERE seq = ?",
                    "iissi", (gint64) change->add_flags, (gint64) change->remove_flags,
                    change->add_keywords, change->remove_keywords, change->seq);
}

gboolean
mf_pending_set_failed (MfDb *db, const MfChange *change, const char *why, GError **error)
{
  return mf_db_run (db, error,
                    "DELETE FROM change WHERE message = ? AND kind = ? AND state = 3", "ii",
                    change->message, (gint64) change->kind)
         && mf_pending_set_state (db, change->seq, MF_CHANGE_FAILED, why, error);
}

gboolean
mf_pending_forget (MfDb *db, MfMsgId message, GError **error)
{
  return mf_db_run (db, error, "DELETE FROM change WHERE message = ?", "i", message);
}

/* A folder that was to go once @message was out of it goes once that is uploaded. */
static gboolean
upload_instead_of_moving (MfDb *db, MfMsgId message, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE change SET kind = 3, state = 0, removal = 0, name = NULL WHERE seq ="
                    " (SELECT MAX(seq) FROM change WHERE message = ? AND kind = 1"
                    "  AND state IN (0, 2))",
                    "i", message)
         && mf_db_run (db, error,
                       "DELETE FROM change WHERE message = ? AND kind != 3 AND state IN (0, 2)",
                       "i", message);
}

gboolean
mf_pending_hand_over (MfDb *db, MfMsgId from, MfMsgId to, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE change SET message = ?2 WHERE message = ?1 AND (state IN (1, 4)"
                    " OR (state = 0 AND " MF_ENTRY_IS_COPIED "))",
                    "ii", from, to)
         && upload_instead_of_moving (db, from, error)
         && mf_db_run (db, error, "UPDATE change SET source = ? WHERE source = ?", "ii", to, from);
}
