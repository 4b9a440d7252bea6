#include "cache/journal.h"

#include "cache/keywords.h"
#include "cache/pending.h"

static gint64
now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static gboolean
insert (MfDb *db, MfChangeKind kind, MfMsgId message, MfFolderId folder, MfMsgId source,
        MfMsgId after, gboolean removal, GError **error)
{
  return mf_db_run (db, error,
                    "INSERT INTO change (kind, message, folder, source, after, removal, made)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    "innnnii", (gint64) kind, message, folder, source, after, (gint64) removal,
                    now ());
}

/* Which entries may still be rewritten: all that were not sent.  One of a kind that is
 * not looked for on the server (mf_pending_queue_again()) may have been done, so that its
 * opposite has to be told: it stays, with `uidnext` set. */
typedef enum
{
  OPEN_ANYWHERE,
  OPEN_SINCE_FOLDERS, /* but those that a change of a folder came after, */
  OPEN_SINCE_COPIES,  /* or those that a copy of the message was made after, or were sent */
} Open;

/* The last one of @message, of @kind; FALSE without @error: there is none. */
static gboolean
find_open (MfDb *db, MfMsgId message, MfChangeKind kind, Open open, MfChange *out, GError **error)
{
  static const char *const sql[] = {
    [OPEN_ANYWHERE] = "SELECT " MF_ENTRY_COLUMNS " FROM change WHERE message = ?1 AND kind = ?2"
                      " AND state IN (0, 2) ORDER BY seq DESC LIMIT 1",
    [OPEN_SINCE_FOLDERS]
    = "SELECT " MF_ENTRY_COLUMNS " FROM change WHERE message = ?1 AND kind = ?2 AND state IN (0, 2)"
      " AND seq > (SELECT COALESCE(MAX(seq), 0) FROM change WHERE message IS NULL AND state != 3)"
      " ORDER BY seq DESC LIMIT 1",
    [OPEN_SINCE_COPIES]
    = "SELECT " MF_ENTRY_COLUMNS " FROM change WHERE message = ?1 AND kind = ?2 AND state IN (0, 2)"
      " AND seq > (SELECT COALESCE(MAX(seq), 0) FROM change WHERE source = ?1 AND state != 3)"
      " AND uidnext = 0"
      " ORDER BY seq DESC LIMIT 1",
  };
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  return mf_db_query (db, &query, error, sql[open], "ii", message, (gint64) kind)
         && mf_entry_next (&query, out, error);
}

/* ---- flags ------------------------------------------------------------ */

static gboolean
store_flags (MfDb *db, MfChange *entry, GError **error)
{
  if (entry->seq == 0)
    {
      if (!mf_entry_has_flags (entry))
        return TRUE;
      if (!insert (db, MF_CHANGE_FLAGS, entry->message, 0, 0, 0, FALSE, error))
        return FALSE;
      entry->seq = mf_db_last_id (db);
    }
  return mf_pending_set_flags (db, entry, error);
}

/* Of @more, what was to be removed is not any more; the rest is to be added. */
static void
merge_words (char **add, char **remove, const char *more)
{
  g_autofree char *rest = mf_keywords_remove (more, *remove);
  char *removed = mf_keywords_remove (*remove, more);
  char *added = mf_keywords_add (*add, rest);

  g_free (*remove);
  g_free (*add);
  *remove = removed;
  *add = added;
}

/* What was to go and now stays needs no telling, and the other way round. */
static void
merge_flags (MfChange *entry, MfFlags add, MfFlags remove, const char *add_keywords,
             const char *remove_keywords)
{
  MfFlags back = add & entry->remove_flags, undone = remove & entry->add_flags;

  entry->remove_flags = (entry->remove_flags & ~back) | (remove & ~undone);
  entry->add_flags = (entry->add_flags & ~undone) | (add & ~back);
  merge_words (&entry->add_keywords, &entry->remove_keywords, add_keywords);
  merge_words (&entry->remove_keywords, &entry->add_keywords, remove_keywords);
}

gboolean
mf_journal_flags (MfDb *db, MfMsgId message, MfFlags add, MfFlags remove,
                  const char *add_keywords, const char *remove_keywords, GError **error)
{
  g_auto (MfChange) entry = { 0 };
  GError *local = NULL;

  /* What is yet to be uploaded takes its flags along then. */
  if (find_open (db, message, MF_CHANGE_APPEND, OPEN_ANYWHERE, &entry, &local))
    return TRUE;
  if (local == NULL
      && !find_open (db, message, MF_CHANGE_FLAGS, OPEN_SINCE_COPIES, &entry, &local))
    entry.message = message;
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  merge_flags (&entry, add, remove, add_keywords, remove_keywords);
  return store_flags (db, &entry, error);
}

gboolean
mf_journal_renamed (MfDb *db, MfMsgId message, const char *base, gboolean alone, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE change SET name = CASE WHEN state = 0 AND NOT ?2 THEN COALESCE(?3, '')"
                    " END WHERE message = ?1 AND kind = 0",
                    "iis", message, (gint64) alone, base);
}

/* ---- moves, uploads, removals ----------------------------------------- */

static gboolean
retarget (MfDb *db, MfSeq seq, MfFolderId folder, gboolean removal, GError **error)
{
  return mf_db_run (db, error, "UPDATE change SET folder = ?, removal = ?, state = 0 WHERE seq = ?",
                    "iii", folder, (gint64) removal, seq);
}

/* An upload or copy that has not left goes to the new place straight away. */
static gboolean
retarget_making (MfDb *db, MfMsgId message, MfFolderId folder, gboolean *out_done, GError **error)
{
  g_auto (MfChange) append = { 0 };
  g_auto (MfChange) copy = { 0 };
  GError *local = NULL;
  MfSeq seq = 0;

  if (find_open (db, message, MF_CHANGE_APPEND, OPEN_SINCE_FOLDERS, &append, &local))
    seq = append.seq;
  else if (local == NULL
           && find_open (db, message, MF_CHANGE_COPY, OPEN_SINCE_FOLDERS, &copy, &local))
    seq = copy.seq;
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  *out_done = seq != 0;
  return seq == 0 || retarget (db, seq, folder, FALSE, error);
}

/* Where the entries before @seq leave it. */
static gboolean
place_before (MfDb *db, const MfMessage *message, MfSeq seq, MfFolderId *out, GError **error)
{
  return mf_db_number (db, message->home, out, error,
                       "SELECT folder FROM change WHERE message = ? AND kind IN (1, 2, 3)"
                       " AND state != 3 AND seq < ? ORDER BY seq DESC LIMIT 1",
                       "ii", message->id, seq);
}

static gboolean
move_again (MfDb *db, const MfMessage *message, MfSeq seq, MfFolderId folder, gboolean removal,
            GError **error)
{
  MfFolderId before = 0;

  if (!place_before (db, message, seq, &before, error))
    return FALSE;
  return folder == before ? mf_pending_remove (db, seq, error)
                          : retarget (db, seq, folder, removal, error);
}

/* What is held is not waited for: it would come after what follows it. */
static gboolean
drop_held_move (MfDb *db, MfMsgId message, GError **error)
{
  return mf_db_run (db, error, "DELETE FROM change WHERE message = ? AND kind = 1 AND state = 2",
                    "i", message);
}

gboolean
mf_journal_move (MfDb *db, const MfMessage *message, MfFolderId folder, gboolean removal,
                 GError **error)
{
  g_auto (MfChange) entry = { 0 };
  GError *local = NULL;
  gboolean done = FALSE;

  if (find_open (db, message->id, MF_CHANGE_MOVE, OPEN_SINCE_FOLDERS, &entry, &local))
    return move_again (db, message, entry.seq, folder, removal, error);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (!retarget_making (db, message->id, folder, &done, error) || done)
    return done;
  return drop_held_move (db, message->id, error)
         && insert (db, MF_CHANGE_MOVE, message->id, folder, 0, 0, removal, error)
         && mf_db_run (db, error, "UPDATE change SET name = COALESCE(?, '') WHERE seq = ?", "si",
                       message->base, mf_db_last_id (db));
}

gboolean
mf_journal_upload_instead (MfDb *db, const MfChange *copy, GError **error)
{
  return mf_db_run (db, error, "UPDATE change SET kind = 3, source = NULL, state = 0 WHERE seq = ?",
                    "i", copy->seq)
         && mf_db_run (db, error,
                       "DELETE FROM change WHERE message = ? AND kind = 0 AND state = 0", "i",
                       copy->message);
}

gboolean
mf_journal_append (MfDb *db, MfMsgId message, MfFolderId folder, GError **error)
{
  g_auto (MfChange) append = { 0 };
  g_auto (MfChange) copy = { 0 };
  GError *local = NULL;

  if (find_open (db, message, MF_CHANGE_APPEND, OPEN_ANYWHERE, &append, &local))
    return TRUE;
  if (local == NULL && find_open (db, message, MF_CHANGE_COPY, OPEN_ANYWHERE, &copy, &local))
    return mf_journal_upload_instead (db, &copy, error);
  if (local == NULL)
    return insert (db, MF_CHANGE_APPEND, message, folder, 0, 0, FALSE, error);
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
mf_journal_copy (MfDb *db, MfMsgId message, MfMsgId source, MfFolderId folder, GError **error)
{
  return insert (db, MF_CHANGE_COPY, message, folder, source, 0, FALSE, error);
}

/* What has not been sent need not be, now that the message goes. */
static gboolean
drop_open (MfDb *db, MfMsgId message, GError **error)
{
  return mf_db_run (db, error,
                    "DELETE FROM change WHERE message = ?1 AND state IN (0, 2)"
                    " AND NOT " MF_ENTRY_IS_COPIED,
                    "i", message);
}

/* All at once: in those that drop_open() drops. */
static gboolean
collect_flags (MfDb *db, MfMsgId message, MfChange *out, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  MfChange entry;
  GError *local = NULL;

  if (!mf_db_query (db, &query, error,
                    "SELECT " MF_ENTRY_COLUMNS " FROM change WHERE message = ?1 AND kind = 0"
                    " AND state IN (0, 2) AND NOT " MF_ENTRY_IS_COPIED " ORDER BY seq",
                    "i", message))
    return FALSE;
  while (mf_entry_next (&query, &entry, &local))
    {
      merge_flags (out, entry.add_flags, entry.remove_flags, entry.add_keywords,
                   entry.remove_keywords);
      mf_entry_clear (&entry);
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

static gboolean
insert_expunge (MfDb *db, MfMsgId message, MfMsgId after, gboolean removal, MfChange *flags,
                GError **error)
{
  if (!insert (db, MF_CHANGE_EXPUNGE, message, 0, 0, after, removal, error))
    return FALSE;
  flags->seq = mf_db_last_id (db);
  return !mf_entry_has_flags (flags) || mf_pending_set_flags (db, flags, error);
}

gboolean
mf_journal_expunge (MfDb *db, const MfMessage *message, MfMsgId after, gboolean removal,
                    gboolean *out_nothing, GError **error)
{
  g_auto (MfChange) flags = { 0 };
  gboolean sent = FALSE;

  *out_nothing = FALSE;
  if (!collect_flags (db, message->id, &flags, error) || !drop_open (db, message->id, error)
      || !mf_pending_is_sent (db, message->id, &sent, error))
    return FALSE;
  if (message->home == 0 && !sent)
    {
      *out_nothing = TRUE;
      return mf_db_run (db, error,
                        "UPDATE change SET after = ?, removal = ? WHERE kind = 4 AND after = ?",
                        "nii", after, (gint64) removal, message->id);
    }
  return insert_expunge (db, message->id, after, removal, &flags, error);
}

gboolean
mf_journal_left_behind (MfDb *db, MfMsgId original, MfMsgId copy, GError **error)
{
  return insert (db, MF_CHANGE_EXPUNGE, original, 0, copy, copy, FALSE, error);
}

/* ---- folders ---------------------------------------------------------- */

/* The last change of any folder, if it is of @folder and may be rewritten. */
static gboolean
find_open_folder (MfDb *db, MfFolderId folder, const char *kinds, MfSeq *out, GError **error)
{
  g_autofree char *sql = g_strdup_printf (
      "SELECT seq FROM change WHERE folder = ? AND kind IN (%s) AND state = 0 AND uidnext = 0"
      " AND seq = (SELECT MAX(seq) FROM change WHERE message IS NULL AND state != 3)",
      kinds);

  return mf_db_number (db, 0, out, error, sql, "i", folder);
}

static gboolean
insert_folder (MfDb *db, MfChangeKind kind, MfFolderId folder, MfFolderId parent,
               const char *name, GError **error)
{
  return mf_db_run (db, error,
                    "INSERT INTO change (kind, folder, parent, name, made) VALUES (?, ?, ?, ?, ?)",
                    "iinsi", (gint64) kind, folder, parent, name, now ())
         && mf_pending_count_folder_change (db, error);
}

gboolean
mf_journal_folder (MfDb *db, MfChangeKind kind, MfFolderId folder, MfFolderId parent,
                   const char *name, GError **error)
{
  MfSeq open = 0;

  /* Made as what it is renamed to, renamed once, subscribed as the row says. */
  if ((kind == MF_CHANGE_RENAME && !find_open_folder (db, folder, "5, 7", &open, error))
      || (kind == MF_CHANGE_SUBSCRIBE && !find_open_folder (db, folder, "8", &open, error)))
    return FALSE;
  if (open == 0)
    return insert_folder (db, kind, folder, parent, name, error);
  return mf_db_run (db, error, "UPDATE change SET parent = ?, name = ? WHERE seq = ?", "nsi",
                    parent, name, open);
}

gboolean
mf_journal_remove_folder (MfDb *db, MfFolderId folder, gboolean *out_nothing, GError **error)
{
  MfSeq open = 0;
  gint64 used = 0;

  *out_nothing = FALSE;
  if (!find_open_folder (db, folder, "5", &open, error)
      || !mf_db_number (db, 0, &used, error,
                        "SELECT EXISTS (SELECT 1 FROM change WHERE folder = ?1 AND kind < 5)"
                        " OR EXISTS (SELECT 1 FROM message WHERE folder = ?1)",
                        "i", folder))
    return FALSE;
  if (open == 0 || used != 0)
    return insert_folder (db, MF_CHANGE_DELETE, folder, 0, NULL, error);
  *out_nothing = TRUE;
  return mf_pending_remove (db, open, error) && mf_pending_count_folder_change (db, error);
}
