#include "cache/settle.h"

#include "cache/folders.h"
#include "cache/keywords.h"
#include "cache/messages.h"

gboolean
mf_settle_done (MfSettle *self, const MfChange *change, GError **error)
{
  return mf_journal_remove (self->db, change->seq, error);
}

/* A pull may have met it before its answer was known. */
static gboolean
drop_double (MfSettle *self, MfMsgId id, MfFolderId folder, guint32 uid, GError **error)
{
  g_auto (MfMessage) other = { 0 };

  if (!mf_messages_get_uid (self->db, folder, uid, &other, NULL) || other.id == id)
    return TRUE;
  if (other.place != MF_PLACE_GONE)
    mf_news_add (self->news, MF_EVENT_MESSAGE_REMOVED, other.folder, &other, NULL);
  return mf_journal_forget (self->db, other.id, error)
         && mf_messages_remove (self->db, other.id, error);
}

gboolean
mf_settle_arrived (MfSettle *self, const MfChange *change, MfFolderId folder, guint32 uid,
                   GError **error)
{
  gboolean made = change->kind == MF_CHANGE_APPEND || change->kind == MF_CHANGE_COPY;

  if (uid == 0)
    return mf_journal_set_state (self->db, change->seq, MF_CHANGE_DONE, NULL, error);
  return drop_double (self, change->message, folder, uid, error)
         && mf_messages_set_home (self->db, change->message, folder, uid, error)
         && (!made
             || mf_db_run (self->db, error,
                           "UPDATE message SET draft = 2 WHERE id = ? AND draft = 1", "i",
                           change->message))
         && mf_journal_remove (self->db, change->seq, error);
}

/* The original gets a row of its own, which an entry of its own removes. */
gboolean
mf_settle_copied (MfSettle *self, const MfChange *change, MfFolderId folder, guint32 uid,
                  GError **error)
{
  g_auto (MfMessage) row = { 0 };
  g_auto (MfMessage) original = { 0 };
  MfMsgId tombstone = 0;
  gboolean nothing = FALSE;

  return mf_messages_get (self->db, change->message, &row, error)
         && mf_messages_split_remote (self->db, &row, &tombstone, error)
         && mf_messages_get (self->db, tombstone, &original, error)
         && mf_journal_expunge (self->db, &original, 0, FALSE, &nothing, error)
         && mf_settle_arrived (self, change, folder, uid, error);
}

/* ---- messages that go ------------------------------------------------- */

static gboolean
remove_row (MfSettle *self, const MfMessage *row, GError **error)
{
  if (!mf_journal_forget (self->db, row->id, error)
      || !mf_messages_remove (self->db, row->id, error))
    return FALSE;
  if (row->place == MF_PLACE_GONE)
    return TRUE;
  mf_news_add (self->news, MF_EVENT_MESSAGE_REMOVED, row->folder, row, NULL);
  return mf_folders_touch (self->db, row->folder, row->place, error);
}

gboolean
mf_settle_expunged (MfSettle *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  if (!mf_messages_get (self->db, change->message, &row, NULL))
    return mf_journal_remove (self->db, change->seq, error);
  return remove_row (self, &row, error);
}

/* Content has to be in a file of its own before the server's copy is forgotten. */
static gboolean
make_draft (MfSettle *self, const MfMessage *row, GError **error)
{
  if (row->draft)
    return TRUE;
  g_autoptr (MfBody) body = mf_bodies_get (self->bodies, self->db, row->id, error);
  return body != NULL && mf_drafts_write_body (self->drafts, row->id, body, error)
         && mf_messages_set_draft (self->db, row->id, MF_DRAFT_ONLY, error);
}

static gboolean
move_to_lost (MfSettle *self, const MfMessage *row, GError **error)
{
  g_auto (MfMessage) lost = { 0 };
  g_autofree char *name = row->base != NULL
                              ? g_strdup (row->base)
                              : g_strdup_printf ("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                                                 row->internaldate, row->id);

  mf_message_copy (row, &lost);
  g_free (lost.base);
  lost.base = mf_messages_free_base (self->db, MF_FOLDER_LOST, name, error);
  lost.folder = MF_FOLDER_LOST;
  lost.place = MF_PLACE_CUR;
  if (lost.base == NULL || !make_draft (self, row, error)
      || !mf_messages_store_spot (self->db, &lost, error)
      || !mf_messages_set_home (self->db, row->id, 0, 0, error)
      || !mf_folders_touch (self->db, MF_FOLDER_LOST, MF_PLACE_CUR, error))
    return FALSE;
  if (row->place == MF_PLACE_GONE)
    return TRUE;
  mf_news_add (self->news, MF_EVENT_MESSAGE_CHANGED, row->folder, row, &lost);
  return mf_folders_touch (self->db, row->folder, row->place, error);
}

/* Every entry but @except. */
static gboolean
forget_others (MfSettle *self, MfMsgId message, MfSeq except, GError **error)
{
  return mf_db_run (self->db, error, "DELETE FROM change WHERE message = ? AND seq != ?", "ii",
                    message, except);
}

/* There is nothing to copy any more, but the content is here. */
static gboolean
upload_instead (MfSettle *self, const MfChange *change, GError **error)
{
  return mf_db_run (self->db, error,
                    "UPDATE change SET kind = 3, state = 0, source = NULL WHERE seq = ?", "i",
                    change->seq);
}

gboolean
mf_settle_missing (MfSettle *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  if (!mf_messages_get (self->db, change->message, &row, NULL))
    return mf_journal_remove (self->db, change->seq, error);
  if (change->kind == MF_CHANGE_COPY && row.draft)
    return upload_instead (self, change, error);
  if (change->kind == MF_CHANGE_EXPUNGE || change->kind == MF_CHANGE_FLAGS || change->removal
      || !row.cached)
    return remove_row (self, &row, error);
  return forget_others (self, row.id, 0, error) && move_to_lost (self, &row, error);
}

/* A removal wins over a flag; a move has taken somebody's care, so it is kept. */
gboolean
mf_settle_vanished (MfSettle *self, const MfMessage *message, GError **error)
{
  gint64 moving = 0, sent = 0, rewriting = 0;

  if (!mf_db_number (self->db, 0, &sent, error,
                     "SELECT 1 FROM change WHERE message = ? AND state IN (1, 4) AND kind = 1", "i",
                     message->id)
      || !mf_db_number (self->db, 0, &moving, error,
                        "SELECT 1 FROM change WHERE message = ? AND kind = 1 AND NOT removal"
                        " AND state IN (0, 2)",
                        "i", message->id)
      || !mf_db_number (self->db, 0, &rewriting, error,
                        "SELECT 1 FROM message WHERE id = ? AND draft = 1", "i", message->id))
    return FALSE;
  if (sent != 0)
    return TRUE; /* it is our own move: its answer or the search after it will tell */
  if (moving != 0 && message->cached)
    return forget_others (self, message->id, 0, error) && move_to_lost (self, message, error);
  if (rewriting != 0)
    return mf_messages_set_home (self->db, message->id, 0, 0, error);
  return remove_row (self, message, error);
}

/* Back to where the server has it, and to be seen. */
static gboolean
return_home (MfSettle *self, const MfMessage *row, GError **error)
{
  g_auto (MfMessage) back = { 0 };

  mf_message_copy (row, &back);
  if (back.base != NULL)
    {
      g_free (back.base);
      back.base = NULL;
    }
  back.folder = row->home;
  back.place = row->flags == 0 && row->place != MF_PLACE_CUR ? MF_PLACE_NEW : MF_PLACE_CUR;
  mf_news_add (self->news,
               row->place == MF_PLACE_GONE ? MF_EVENT_MESSAGE_ADDED : MF_EVENT_MESSAGE_CHANGED,
               row->home, row->place == MF_PLACE_GONE ? NULL : row, &back);
  return mf_messages_store_spot (self->db, &back, error)
         && mf_folders_touch (self->db, back.folder, back.place, error)
         && (row->place == MF_PLACE_GONE
             || mf_folders_touch (self->db, row->folder, row->place, error));
}

static gboolean
leave_folder (MfSettle *self, MfFolderId folder, MfMsgId id, GError **error)
{
  g_auto (MfMessage) message = { 0 };

  if (!mf_messages_get (self->db, id, &message, error))
    return FALSE;
  if (message.folder != folder) /* moved away here; the server had it in the folder still */
    return mf_settle_vanished (self, &message, error);
  if (message.home != 0 && message.home != folder)
    return message.place == MF_PLACE_GONE || return_home (self, &message, error);
  if (!message.draft)
    return remove_row (self, &message, error);
  return forget_others (self, id, 0, error) && move_to_lost (self, &message, error);
}

gboolean
mf_settle_folder_gone (MfSettle *self, MfFolderId folder, GError **error)
{
  g_autoptr (GArray) ids = mf_messages_ids_of (self->db, folder, error);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (!leave_folder (self, folder, g_array_index (ids, MfMsgId, i), error))
      return FALSE;
  return ids != NULL && mf_folders_remove (self->db, folder, error);
}

/* ---- refusals --------------------------------------------------------- */

static gboolean
revert_flags (MfSettle *self, const MfChange *change, const MfMessage *row, GError **error)
{
  g_auto (MfMessage) back = { 0 };
  g_autofree char *fewer = mf_keywords_remove (row->keywords, change->add_keywords);

  mf_message_copy (row, &back);
  back.flags = (row->flags & ~change->add_flags) | change->remove_flags;
  g_free (back.keywords);
  back.keywords = mf_keywords_add (fewer, change->remove_keywords);
  if (back.flags != 0 && back.place == MF_PLACE_NEW)
    back.place = MF_PLACE_CUR;
  mf_news_add (self->news, MF_EVENT_MESSAGE_CHANGED, row->folder, row, &back);
  return mf_messages_store_spot (self->db, &back, error)
         && mf_folders_touch (self->db, row->folder, back.place, error);
}

/* What waited for @message to be on the server will not be: show it again. */
static gboolean
restore_superseded (MfSettle *self, MfMsgId message, GError **error)
{
  g_auto (MfMessage) old = { 0 };
  gint64 id = 0;

  if (!mf_db_number (self->db, 0, &id, error,
                     "SELECT message FROM change WHERE kind = 4 AND after = ?", "i", message))
    return FALSE;
  if (id == 0)
    return TRUE;
  if (!mf_messages_get (self->db, id, &old, error) || !mf_journal_forget (self->db, id, error))
    return FALSE;
  return old.home != 0 ? return_home (self, &old, error)
                       : mf_messages_remove (self->db, id, error);
}

static gboolean
revert (MfSettle *self, const MfChange *change, const MfMessage *row, GError **error)
{
  switch (change->kind)
    {
    case MF_CHANGE_FLAGS:
      return revert_flags (self, change, row, error);
    case MF_CHANGE_MOVE:
    case MF_CHANGE_EXPUNGE:
      return forget_others (self, row->id, change->seq, error) && return_home (self, row, error);
    case MF_CHANGE_COPY:
      return row->draft    ? upload_instead (self, change, error)
             : row->cached
                 ? forget_others (self, row->id, change->seq, error) && move_to_lost (self, row, error)
                 : remove_row (self, row, error);
    case MF_CHANGE_APPEND:
      return forget_others (self, row->id, change->seq, error) && move_to_lost (self, row, error)
             && restore_superseded (self, row->id, error);
    default:
      return TRUE;
    }
}

gboolean
mf_settle_refused (MfSettle *self, const MfChange *change, const GError *why, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  if (change->message != 0)
    {
      if (!mf_messages_get (self->db, change->message, &row, NULL))
        return mf_journal_remove (self->db, change->seq, error);
      if (!revert (self, change, &row, error))
        return FALSE;
    }
  if (change->kind == MF_CHANGE_COPY && row.draft)
    return TRUE;
  return mf_journal_set_state (self->db, change->seq, MF_CHANGE_FAILED, why->message, error);
}

gboolean
mf_settle_taken_back (MfSettle *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  if (mf_messages_get (self->db, change->message, &row, NULL)
      && !revert (self, change, &row, error))
    return FALSE;
  return mf_journal_remove (self->db, change->seq, error);
}
