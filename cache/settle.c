#include "cache/settle.h"

#include "cache/folders.h"
#include "cache/journal.h"
#include "cache/keywords.h"
#include "cache/labels.h"
#include "cache/messages.h"
#include "cache/pending.h"
#include "cache/spot.h"

static gboolean
count (MfSettle *self, MfMsgId message, const char *sql, gint64 *out, GError **error)
{
  return mf_db_number (self->db, 0, out, error, sql, "i", message);
}

/* ---- yes -------------------------------------------------------------- */

/* What failed before has been done after all. */
static gboolean
forget_failure (MfSettle *self, const MfChange *change, GError **error)
{
  return mf_db_run (self->db, error,
                    "DELETE FROM change WHERE message = ? AND kind = ? AND state = 3", "ii",
                    change->message, (gint64) change->kind);
}

gboolean
mf_settle_done (MfSettle *self, const MfChange *change, GError **error)
{
  return forget_failure (self, change, error) && mf_pending_remove (self->db, change->seq, error);
}

/* Another row of that UID would be one that a pull has made of the same message. */
static gboolean
take_place (MfSettle *self, MfMsgId id, MfFolderId folder, guint32 uid, GError **error)
{
  g_auto (MfMessage) other = { 0 };

  if (mf_messages_get_uid (self->db, folder, uid, &other, NULL) && other.id != id
      && !mf_spot_remove (self, &other, 0, error))
    return FALSE;
  return mf_messages_set_home (self->db, id, folder, uid, error);
}

/* Another client may have removed it while a command was under way. */
static gboolean
is_folder_gone (MfSettle *self, MfFolderId folder, gboolean *out_gone, GError **error)
{
  gint64 found = 0;

  if (!mf_db_number (self->db, 0, &found, error, "SELECT 1 FROM folder WHERE id = ?", "i", folder))
    return FALSE;
  *out_gone = found == 0;
  return TRUE;
}

gboolean
mf_settle_arrived (MfSettle *self, const MfChange *change, MfFolderId folder, guint32 uid,
                   GError **error)
{
  gboolean made = change->kind == MF_CHANGE_APPEND || change->kind == MF_CHANGE_COPY;
  gboolean gone = FALSE;

  if (!is_folder_gone (self, folder, &gone, error))
    return FALSE;
  if (gone)
    return mf_settle_missing (self, change, error);
  if (uid == 0)
    return mf_pending_set_state (self->db, change->seq, MF_CHANGE_DONE, NULL, error);
  return take_place (self, change->message, folder, uid, error)
         && (!made
             || mf_db_run (self->db, error,
                           "UPDATE message SET draft = 2 WHERE id = ? AND draft = 1", "i",
                           change->message))
         && mf_settle_done (self, change, error);
}

gboolean
mf_settle_copied (MfSettle *self, const MfChange *change, MfFolderId folder, guint32 uid,
                  GError **error)
{
  g_auto (MfMessage) row = { 0 };
  MfMsgId tombstone = 0;
  gboolean gone = FALSE;

  if (!is_folder_gone (self, folder, &gone, error))
    return FALSE;
  if (gone) /* but not the original */
    return mf_settle_taken_back (self, change, error);
  return mf_messages_get (self->db, change->message, &row, error)
         && mf_messages_split_remote (self->db, &row, &tombstone, error)
         && mf_journal_left_behind (self->db, tombstone, row.id, error)
         && mf_settle_arrived (self, change, folder, uid, error);
}

gboolean
mf_settle_expunged (MfSettle *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  if (!mf_messages_get (self->db, change->message, &row, NULL))
    return mf_pending_remove (self->db, change->seq, error);
  return mf_spot_remove (self, &row, 0, error);
}

/* ---- it is not there any more ------------------------------------------ */

/* What is just being written stays for who writes it. */
static gboolean
let_go (MfSettle *self, const MfMessage *row, GError **error)
{
  g_auto (MfFolder) folder = { 0 };

  /* It has not come to where it was to replace another. */
  if (row->folder != row->home && !mf_spot_restore_superseded (self, row->id, row->folder, error))
    return FALSE;
  if (!mf_drafts_is_held (self->drafts, row->id) || row->place >= MF_PLACE_TMP)
    return mf_spot_remove (self, row, 0, error);
  return mf_folders_get (self->db, row->folder, &folder, error)
         && mf_spot_keep_base (self, &folder, row, error)
         && mf_spot_forget_others (self, row->id, 0, error)
         && mf_messages_set_home (self->db, row->id, 0, 0, error)
         && mf_messages_set_draft (self->db, row->id, MF_DRAFT_NONE, row->version, error);
}

/* A removal wins over a flag; a move has taken somebody's care. */
static gboolean
count_moves (MfSettle *self, const MfMessage *row, gint64 *out, GError **error)
{
  return count (self, row->id,
                "SELECT COUNT(*) FROM change WHERE message = ? AND kind = 1 AND NOT removal"
                " AND state != 3",
                out, error);
}

static gboolean
vanish (MfSettle *self, const MfMessage *row, GError **error)
{
  gint64 moves = 0;

  if (!count_moves (self, row, &moves, error))
    return FALSE;
  return moves != 0 && row->cached ? mf_spot_lose (self, row, 0, error)
                                   : let_go (self, row, error);
}

/* There is nothing to copy any more, but the content is here. */
static gboolean
upload_instead (MfSettle *self, const MfChange *change, const MfMessage *row, GError **error)
{
  return (row->draft || mf_spot_make_draft (self, row, error))
         && mf_journal_upload_instead (self->db, change, error);
}

/* The copy that stood for a move is gone before it was known, but not the original: the
 * message is that again. */
static gboolean
undo_copied (MfSettle *self, const MfChange *change, const MfMessage *row, gboolean *out_undone,
             GError **error)
{
  g_auto (MfMessage) original = { 0 };
  gint64 id = 0;

  if (!count (self, row->id,
              "SELECT message FROM change WHERE kind = 4 AND source = ? ORDER BY seq DESC", &id,
              error))
    return FALSE;
  *out_undone = change->kind == MF_CHANGE_MOVE && id != 0;
  return !*out_undone
         || (mf_messages_get (self->db, id, &original, error)
             && mf_pending_forget (self->db, id, error)
             && mf_messages_remove (self->db, id, error)
             && mf_messages_set_home (self->db, row->id, original.home, original.uid, error)
             && mf_settle_taken_back (self, change, error));
}

gboolean
mf_settle_missing (MfSettle *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  gboolean undone = FALSE;

  if (!mf_messages_get (self->db, change->message, &row, NULL))
    return mf_pending_remove (self->db, change->seq, error);
  if (!undo_copied (self, change, &row, &undone, error) || undone)
    return undone;
  switch (change->kind)
    {
    case MF_CHANGE_FLAGS:
    case MF_CHANGE_LABELS:
    case MF_CHANGE_EXPUNGE:
      return vanish (self, &row, error);
    case MF_CHANGE_COPY:
      if (change->state != MF_CHANGE_DONE && row.cached)
        return upload_instead (self, change, &row, error);
      break;
    default:
      break;
    }
  return change->removal || !row.cached ? let_go (self, &row, error)
                                        : mf_spot_lose (self, &row, 0, error);
}

gboolean
mf_settle_again (MfSettle *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  return change->kind == MF_CHANGE_APPEND
                 && mf_messages_get (self->db, change->message, &row, NULL) && !row.draft
             ? mf_settle_missing (self, change, error)
             : mf_pending_queue_again (self->db, change, error);
}

gboolean
mf_settle_vanished (MfSettle *self, const MfMessage *message, GError **error)
{
  gint64 sent = 0;

  if (!count (self, message->id,
              "SELECT 1 FROM change WHERE message = ? AND state IN (1, 4) AND kind = 1", &sent,
              error))
    return FALSE;
  /* Our own move: its answer or the search after it will tell. */
  return sent != 0 || vanish (self, message, error);
}

/* ---- folders that go -------------------------------------------------- */

/* Where what else is to become of it leaves it, or where the server has it: 0, if that has
 * gone as well. */
static gboolean
find_way (MfSettle *self, MfFolderId folder, const MfMessage *row, MfFolderId *out, GError **error)
{
  return mf_db_number (self->db, 0, out, error,
                       "SELECT id FROM (SELECT folder AS id, seq FROM change WHERE message = ?1"
                       "                AND kind IN (1, 2, 3) AND state != 3"
                       "                UNION ALL SELECT ?2, 0)"
                       " WHERE id != ?3 AND id IN (SELECT id FROM folder)"
                       " ORDER BY seq DESC LIMIT 1",
                       "iii", row->id, row->home, folder);
}

/* What @row was called in @folder, before it was moved on.  *@out (nullable)
 * (transfer full) */
static gboolean
find_base_in (MfSettle *self, MfFolderId folder, const MfMessage *row, char **out, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  if (!mf_db_query (self->db, &query, error,
                    "SELECT name FROM change WHERE message = ?1 AND kind = 1 AND state != 3"
                    " AND seq > (SELECT COALESCE(MAX(seq), 0) FROM change WHERE message = ?1"
                    "            AND kind IN (1, 2, 3) AND state != 3 AND folder = ?2)"
                    " ORDER BY seq LIMIT 1",
                    "ii", row->id, folder))
    return FALSE;
  if (mf_db_next (&query, &local))
    *out = g_strdup (mf_db_text (&query, 0));
  if (local != NULL)
    g_propagate_error (error, local);
  return local == NULL;
}

/* It was on its way into @folder, and is to be seen in @back.  What is not known of it yet is
 * found out (recover.h). */
static gboolean
turn_back (MfSettle *self, MfFolderId folder, MfFolderId back, const MfMessage *row,
           GError **error)
{
  g_auto (MfMessage) hidden = { 0 };
  g_autofree char *base = NULL;

  if (!find_base_in (self, back, row, &base, error)
      || !mf_db_run (self->db, error,
                     "DELETE FROM change WHERE message = ? AND kind = 1 AND folder = ?"
                     " AND state IN (0, 2)",
                     "ii", row->id, folder))
    return FALSE;
  if (row->place != MF_PLACE_GONE)
    return mf_spot_return_to (self, row, back, base, error);
  mf_message_copy (row, &hidden);
  hidden.folder = back;
  return mf_messages_store_spot (self->db, &hidden, error);
}

/* To lost+found, what is only here, or was moved. */
static gboolean
lose_place (MfSettle *self, MfFolderId folder, const MfMessage *row, GError **error)
{
  gboolean held = mf_drafts_is_held (self->drafts, row->id);
  gint64 moves = 0;

  if (!count_moves (self, row, &moves, error))
    return FALSE;
  if (row->place == MF_PLACE_GONE || (row->home == folder && moves == 0 && !held))
    return mf_spot_remove (self, row, 0, error);
  return row->cached || held ? mf_spot_lose (self, row, 0, error)
                             : mf_spot_remove (self, row, 0, error);
}

static gboolean
leave_folder (MfSettle *self, MfFolderId folder, MfMsgId id, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  MfFolderId back = 0;

  if (!mf_messages_get (self->db, id, &row, NULL)) /* went with another of them */
    return TRUE;
  if (row.folder != folder) /* moved away here; the server had it in the folder still */
    return mf_settle_vanished (self, &row, error);
  if (!find_way (self, folder, &row, &back, error))
    return FALSE;
  return back != 0 ? turn_back (self, folder, back, &row, error)
                   : lose_place (self, folder, &row, error);
}

/* What was made below it, or moved there, and the server does not know of. */
static gboolean
leave_children (MfSettle *self, MfFolderId folder, GError **error)
{
  g_autoptr (GPtrArray) children = mf_folders_children (self->db, folder, error);

  for (guint i = 0; children != NULL && i < children->len; i++)
    {
      const MfFolder *child = g_ptr_array_index (children, i);
      if (!(child->mailbox == NULL ? mf_settle_folder_gone (self, child->id, error)
                                   : mf_folders_revert (self->db, child, error)))
        return FALSE;
    }
  return children != NULL;
}

gboolean
mf_settle_folder_gone (MfSettle *self, MfFolderId folder, GError **error)
{
  g_autoptr (GArray) ids = mf_messages_ids_of (self->db, folder, error);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (!leave_folder (self, folder, g_array_index (ids, MfMsgId, i), error))
      return FALSE;
  return ids != NULL && leave_children (self, folder, error)
         && mf_folders_remove (self->db, folder, error);
}

/* ---- no --------------------------------------------------------------- */

/* What is still pending stays on top. */
static gboolean
revert_flags (MfSettle *self, const MfChange *change, const MfMessage *row, GError **error)
{
  g_auto (MfMessage) back = { 0 };
  g_autofree char *fewer = mf_keywords_remove (row->keywords, change->add_keywords);

  mf_message_copy (row, &back);
  back.flags = (row->flags & ~change->add_flags) | change->remove_flags;
  g_free (back.keywords);
  back.keywords = mf_keywords_add (fewer, change->remove_keywords);
  if (!mf_pending_merge_flags (self->db, row->id, &back.flags, &back.keywords, error)
      || (change->name != NULL && row->folder == row->home
          && !mf_spot_restore_base (self, change->name, &back, error)))
    return FALSE;
  if (back.flags != 0 && back.place == MF_PLACE_NEW)
    back.place = MF_PLACE_CUR;
  if (row->place != MF_PLACE_GONE)
    mf_news_add (self->news, MF_EVENT_MESSAGE_CHANGED, row->folder, row, &back);
  return mf_messages_store_spot (self->db, &back, error) && mf_spot_touch (self, &back, error);
}

/* To where what else is to become of it leaves it; 0: it goes away.  It is on the server:
 * only what it was to replace in the folder that it does not come to has not to go. */
static gboolean
revert_place (MfSettle *self, const MfMessage *row, const MfChange *change, GError **error)
{
  static const MfFolderId nowhere = -1;
  MfFolderId folder = 0;

  if (!mf_db_number (self->db, nowhere, &folder, error,
                     "SELECT CASE kind WHEN 4 THEN 0 ELSE folder END FROM change"
                     " WHERE message = ? AND kind IN (1, 2, 3, 4) AND state != 3"
                     " AND (kind = 4 OR folder IN (SELECT id FROM folder))"
                     " ORDER BY seq DESC LIMIT 1",
                     "i", row->id))
    return FALSE;
  if (folder != nowhere)
    return folder == 0 || mf_spot_return_to (self, row, folder, change->name, error);
  return mf_spot_return_home (self, row, change->name, error)
         && (change->folder == 0
             || mf_spot_restore_superseded (self, row->id, change->folder, error));
}

/* A copy without content here: what it was to be made of is all that there is, and does not
 * go after it. */
static gboolean
keep_source (MfSettle *self, MfMsgId id, GError **error)
{
  g_auto (MfMessage) source = { 0 };

  if (!mf_messages_get (self->db, id, &source, NULL) || source.home == 0
      || source.place != MF_PLACE_GONE)
    return TRUE;
  return mf_db_run (self->db, error,
                    "DELETE FROM change WHERE message = ? AND kind = 4 AND state IN (0, 2)", "i",
                    id)
         && (mf_db_n_changed (self->db) == 0 || mf_spot_return_home (self, &source, NULL, error));
}

static gboolean
revert_making (MfSettle *self, const MfChange *change, const MfMessage *row, GError **error)
{
  if (row->cached)
    return mf_spot_lose (self, row, change->seq, error);
  return mf_spot_remove (self, row, change->seq, error)
         && keep_source (self, change->source, error);
}

/* The entry does not count as pending any more. */
static gboolean
revert (MfSettle *self, const MfChange *change, const MfMessage *row, GError **error)
{
  switch (change->kind)
    {
    case MF_CHANGE_FLAGS:
      return revert_flags (self, change, row, error);
    case MF_CHANGE_LABELS:
      return mf_labels_revert (self->db, row, change->add_keywords, change->remove_keywords, error);
    case MF_CHANGE_MOVE:
      return revert_place (self, row, change, error);
    case MF_CHANGE_EXPUNGE:
      return revert_place (self, row, change, error)
             && mf_journal_flags (self->db, row->id, change->add_flags, change->remove_flags,
                                  change->add_keywords, change->remove_keywords, error);
    case MF_CHANGE_COPY:
    case MF_CHANGE_APPEND:
      return revert_making (self, change, row, error);
    default:
      return TRUE;
    }
}

gboolean
mf_settle_hidden (MfSettle *self, const MfChange *change, const GError *why, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  gboolean gone = FALSE;

  if (change->message != 0 && !mf_messages_get (self->db, change->message, &row, NULL))
    return mf_pending_remove (self->db, change->seq, error);
  if (row.home != 0 && !is_folder_gone (self, row.home, &gone, error))
    return FALSE;
  if (gone)
    return mf_settle_missing (self, change, error);
  return mf_pending_set_failed (self->db, change, why->message, error)
         && (change->message == 0 || revert (self, change, &row, error));
}

/* The message has been moved on since: there it may be made. */
static gboolean
make_elsewhere (MfSettle *self, const MfChange *change, gboolean *out_settled, GError **error)
{
  MfSeq move = 0;

  if (!mf_db_number (self->db, 0, &move, error,
                     "SELECT seq FROM change WHERE message = ?1 AND kind = 1 AND state IN (0, 2)"
                     " AND NOT EXISTS (SELECT 1 FROM change AS made WHERE made.message IS NULL"
                     "  AND made.state != 3 AND made.seq BETWEEN ?2 AND change.seq)"
                     " ORDER BY seq LIMIT 1",
                     "ii", change->message, change->seq))
    return FALSE;
  *out_settled = move != 0;
  return move == 0
         || (mf_db_run (self->db, error,
                        "UPDATE change SET (folder, removal, state) = (SELECT folder, removal, state"
                        " FROM change WHERE seq = ?1), error = NULL WHERE seq = ?2",
                        "ii", move, change->seq)
             && mf_pending_remove (self->db, move, error));
}

/* What was refused is not wanted any more, unless the guard holds what came after it. */
static gboolean
settle_unwanted (MfSettle *self, const MfChange *change, const MfMessage *row,
                 gboolean *out_settled, GError **error)
{
  gint64 removed = 0;

  if (!count (self, row->id, "SELECT 1 FROM change WHERE message = ? AND kind = 4 AND state = 0",
              &removed, error))
    return FALSE;
  *out_settled = removed != 0;
  return removed != 0 ? mf_spot_remove (self, row, 0, error)
                      : make_elsewhere (self, change, out_settled, error);
}

gboolean
mf_settle_refused (MfSettle *self, const MfChange *change, const GError *why, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  gboolean makes = change->kind == MF_CHANGE_COPY || change->kind == MF_CHANGE_APPEND;
  gboolean settled = FALSE;

  if (!makes || !mf_messages_get (self->db, change->message, &row, NULL))
    return mf_settle_hidden (self, change, why, error);
  if (!settle_unwanted (self, change, &row, &settled, error) || settled)
    return settled;
  if (change->kind == MF_CHANGE_COPY && row.draft
      && !g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_QUOTA))
    return upload_instead (self, change, &row, error);
  return mf_settle_hidden (self, change, why, error);
}

gboolean
mf_settle_taken_back (MfSettle *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  return mf_pending_remove (self->db, change->seq, error)
         && (!mf_messages_get (self->db, change->message, &row, NULL)
             || revert (self, change, &row, error));
}
