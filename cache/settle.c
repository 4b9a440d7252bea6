#include "cache/settle.h"

#include "cache/folders.h"
#include "cache/keywords.h"
#include "cache/labels.h"
#include "cache/messages.h"

/* ---- rows that go ----------------------------------------------------- */

/* Every entry but @except. */
static gboolean
forget_others (MfSettle *self, MfMsgId message, MfSeq except, GError **error)
{
  return mf_db_run (self->db, error, "DELETE FROM change WHERE message = ? AND seq != ?", "ii",
                    message, except);
}

static gboolean
is_seen (const MfMessage *row)
{
  return row->place != MF_PLACE_GONE && row->folder != 0;
}

static gboolean
touch (MfSettle *self, const MfMessage *row, GError **error)
{
  return !is_seen (row)
         || mf_folders_touch (self->db, row->folder, row->place, error);
}

/* With all entries but @except. */
static gboolean
remove_row (MfSettle *self, const MfMessage *row, MfSeq except, GError **error)
{
  if (!forget_others (self, row->id, except, error)
      || !mf_messages_remove (self->db, row->id, error))
    return FALSE;
  if (is_seen (row))
    mf_news_add (self->news, MF_EVENT_MESSAGE_REMOVED, row->folder, row, NULL);
  return touch (self, row, error);
}

/* Content has to be in a file of its own before the server's copy is forgotten.  If there
 * is none, who writes the message will make it. */
static gboolean
make_draft (MfSettle *self, const MfMessage *row, GError **error)
{
  guint version = row->draft ? row->version : 0;

  if (!row->cached)
    return TRUE;
  if (!row->draft)
    {
      g_autoptr (MfBody) body = mf_bodies_get (self->bodies, self->db, row->id, error);
      if (body == NULL || !mf_drafts_write_body (self->drafts, row->id, body, error))
        return FALSE;
    }
  return mf_messages_set_draft (self->db, row->id, MF_DRAFT_ONLY, version, error);
}

/* (transfer full) One that does not go with where the server has it. */
static char *
given_name (const MfMessage *row)
{
  return row->base != NULL ? g_strdup (row->base)
                           : g_strdup_printf ("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                                              row->internaldate, row->id);
}

static gboolean
move_to_lost (MfSettle *self, const MfMessage *row, MfSeq except, GError **error)
{
  g_auto (MfMessage) lost = { 0 };
  g_autofree char *name = given_name (row);

  mf_message_copy (row, &lost);
  g_free (lost.base);
  lost.base = mf_messages_free_base (self->db, MF_FOLDER_LOST, name, error);
  lost.folder = MF_FOLDER_LOST;
  lost.place = MF_PLACE_CUR;
  if (lost.base == NULL || !forget_others (self, row->id, except, error)
      || !make_draft (self, row, error) || !mf_messages_store_spot (self->db, &lost, error)
      || !mf_messages_set_home (self->db, row->id, 0, 0, error)
      || !mf_settle_restore_superseded (self, row->id, 0, error)
      || !mf_folders_touch (self->db, MF_FOLDER_LOST, MF_PLACE_CUR, error))
    return FALSE;
  if (row->place != MF_PLACE_GONE)
    mf_news_add (self->news, MF_EVENT_MESSAGE_CHANGED, row->folder, row, &lost);
  return touch (self, row, error);
}

/* ---- rows that come back ---------------------------------------------- */

/* As near as may be: another may have it by now, a generated one too. */
static gboolean
restore_base (MfSettle *self, const char *base, MfMessage *row, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  char generated[64] = "";

  if (!mf_folders_get (self->db, row->folder, &folder, error))
    return FALSE;
  if (base == NULL || *base == '\0')
    mf_message_generate_base (row, folder.tag, generated, sizeof generated);
  char *free_base = mf_messages_free_base (self->db, row->folder,
                                           *generated != '\0' ? generated : base, error);
  if (free_base == NULL)
    return FALSE;
  if (g_str_equal (free_base, generated))
    g_clear_pointer (&free_base, g_free);
  g_free (row->base);
  row->base = free_base;
  return TRUE;
}

/* Back to @folder, and to be seen, under the name @base that it had there (nullable: a
 * generated one, if the server has it there).  Nothing was noted of a message that was not
 * shown: what is there is asked for again. */
static gboolean
return_to (MfSettle *self, const MfMessage *row, MfFolderId folder, const char *base,
           GError **error)
{
  g_auto (MfMessage) back = { 0 };
  const char *name = row->folder == folder ? row->base : base;
  g_autofree char *own = NULL;
  gboolean hidden = row->place == MF_PLACE_GONE;

  if (row->folder == folder && !hidden)
    return TRUE;
  if (folder != row->home && (name == NULL || *name == '\0'))
    name = own = given_name (row);
  mf_message_copy (row, &back);
  back.folder = folder;
  back.place = row->flags == 0 && row->place != MF_PLACE_CUR ? MF_PLACE_NEW : MF_PLACE_CUR;
  if (!restore_base (self, name, &back, error))
    return FALSE;
  mf_news_add (self->news, hidden ? MF_EVENT_MESSAGE_ADDED : MF_EVENT_MESSAGE_CHANGED, folder,
               hidden ? NULL : row, &back);
  return mf_messages_store_spot (self->db, &back, error)
         && mf_folders_touch (self->db, back.folder, back.place, error)
         && (!hidden || mf_folders_forget_modseq (self->db, row->home, error))
         && touch (self, row, error);
}

static gboolean
return_home (MfSettle *self, const MfMessage *row, const char *base, GError **error)
{
  return return_to (self, row, row->home, base, error);
}

gboolean
mf_settle_restore_superseded (MfSettle *self, MfMsgId message, MfFolderId folder, GError **error)
{
  for (;;)
    {
      g_auto (MfMessage) old = { 0 };
      gint64 id = 0;

      if (!mf_db_number (self->db, 0, &id, error,
                         "SELECT message FROM change WHERE kind = 4 AND after = ?1 AND state != 3"
                         " AND (?2 = 0"
                         "      OR ?2 = (SELECT folder FROM message WHERE id = change.message))",
                         "ii", message, folder))
        return FALSE;
      if (id == 0)
        return TRUE;
      if (!mf_messages_get (self->db, id, &old, error) || !mf_journal_forget (self->db, id, error))
        return FALSE;
      if (!(old.home != 0 ? return_home (self, &old, NULL, error)
                          : mf_messages_remove (self->db, id, error)))
        return FALSE;
    }
}

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
  return forget_failure (self, change, error) && mf_journal_remove (self->db, change->seq, error);
}

/* Another row of that UID would be one that a pull has made of the same message. */
static gboolean
take_place (MfSettle *self, MfMsgId id, MfFolderId folder, guint32 uid, GError **error)
{
  g_auto (MfMessage) other = { 0 };

  if (mf_messages_get_uid (self->db, folder, uid, &other, NULL) && other.id != id
      && !remove_row (self, &other, 0, error))
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
    return mf_journal_set_state (self->db, change->seq, MF_CHANGE_DONE, NULL, error);
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
    return mf_journal_remove (self->db, change->seq, error);
  return remove_row (self, &row, 0, error);
}

/* ---- it is not there any more ------------------------------------------ */

/* What is just being written stays for who writes it. */
static gboolean
let_go (MfSettle *self, const MfMessage *row, GError **error)
{
  /* It has not come to where it was to replace another. */
  if (row->folder != row->home && !mf_settle_restore_superseded (self, row->id, row->folder, error))
    return FALSE;
  if (!mf_drafts_is_held (self->drafts, row->id) || row->place >= MF_PLACE_TMP)
    return remove_row (self, row, 0, error);
  return forget_others (self, row->id, 0, error)
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
  return moves != 0 && row->cached ? move_to_lost (self, row, 0, error)
                                   : let_go (self, row, error);
}

/* There is nothing to copy any more, but the content is here. */
static gboolean
upload_instead (MfSettle *self, const MfChange *change, const MfMessage *row, GError **error)
{
  return (row->draft || make_draft (self, row, error))
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
             && mf_journal_forget (self->db, id, error)
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
    return mf_journal_remove (self->db, change->seq, error);
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
                                        : move_to_lost (self, &row, 0, error);
}

gboolean
mf_settle_again (MfSettle *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  return change->kind == MF_CHANGE_APPEND
                 && mf_messages_get (self->db, change->message, &row, NULL) && !row.draft
             ? mf_settle_missing (self, change, error)
             : mf_journal_queue_again (self->db, change, error);
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
                       " WHERE id != ?3 AND id IN (SELECT id FROM folder) ORDER BY seq DESC LIMIT 1",
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
    return return_to (self, row, back, base, error);
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
    return remove_row (self, row, 0, error);
  return row->cached || held ? move_to_lost (self, row, 0, error)
                             : remove_row (self, row, 0, error);
}

static gboolean
leave_folder (MfSettle *self, MfFolderId folder, MfMsgId id, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  MfFolderId back = 0;

  if (!mf_messages_get (self->db, id, &row, error))
    return FALSE;
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
  if (!mf_journal_merge_flags (self->db, row->id, &back.flags, &back.keywords, error)
      || (change->name != NULL && row->folder == row->home
          && !restore_base (self, change->name, &back, error)))
    return FALSE;
  if (back.flags != 0 && back.place == MF_PLACE_NEW)
    back.place = MF_PLACE_CUR;
  if (row->place != MF_PLACE_GONE)
    mf_news_add (self->news, MF_EVENT_MESSAGE_CHANGED, row->folder, row, &back);
  return mf_messages_store_spot (self->db, &back, error) && touch (self, &back, error);
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
                     " ORDER BY seq DESC LIMIT 1",
                     "i", row->id))
    return FALSE;
  if (folder != nowhere)
    return folder == 0 || return_to (self, row, folder, change->name, error);
  return return_home (self, row, change->name, error)
         && (change->folder == 0
             || mf_settle_restore_superseded (self, row->id, change->folder, error));
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
                    "DELETE FROM change WHERE message = ? AND kind = 4 AND state IN (0, 2)", "i", id)
         && (mf_db_n_changed (self->db) == 0 || return_home (self, &source, NULL, error));
}

static gboolean
revert_making (MfSettle *self, const MfChange *change, const MfMessage *row, GError **error)
{
  if (row->cached)
    return move_to_lost (self, row, change->seq, error);
  return remove_row (self, row, change->seq, error) && keep_source (self, change->source, error);
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
    case MF_CHANGE_EXPUNGE:
      return revert_place (self, row, change, error);
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
    return mf_journal_remove (self->db, change->seq, error);
  if (row.home != 0 && !is_folder_gone (self, row.home, &gone, error))
    return FALSE;
  if (gone)
    return mf_settle_missing (self, change, error);
  return mf_journal_set_failed (self->db, change, why->message, error)
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
             && mf_journal_remove (self->db, move, error));
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
  return removed != 0 ? remove_row (self, row, 0, error)
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

  return mf_journal_remove (self->db, change->seq, error)
         && (!mf_messages_get (self->db, change->message, &row, NULL)
             || revert (self, change, &row, error));
}
