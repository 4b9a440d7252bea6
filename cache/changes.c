/* The changes of messages that cache.h promises: the row and the journal entry
 * of each reach the disk together (I4). */
#include <unistd.h>

#include "cache/account.h"
#include "cache/draftreader.h"
#include "cache/error.h"
#include "cache/folders.h"
#include "cache/journal.h"
#include "cache/keywords.h"
#include "cache/messages.h"
#include "cache/news.h"
#include "cache/pending.h"
#include "cache/trash.h"

/* Folders have messages when the server has or will have them. */
static gboolean
check_target (MfDb *db, MfFolderId id, GError **error)
{
  g_auto (MfFolder) folder = { 0 };

  if (!mf_folders_get (db, id, &folder, error))
    return FALSE;
  return folder.selectable
         || mf_error_refuse (error, MF_CACHE_ERROR_UNSUPPORTED, "this folder cannot hold messages");
}

static gboolean
touch_both (MfDb *db, MfFolderId a, MfPlace place_a, MfFolderId b, MfPlace place_b, GError **error)
{
  return mf_folders_touch (db, a, place_a, error)
         && ((a == b && place_a == place_b) || mf_folders_touch (db, b, place_b, error));
}

/* Flags that a worker has stored since the caller looked stay. */
static MfFlags
changed_flags (MfFlags now, MfFlags seen, MfFlags wished)
{
  return (now | (wished & ~seen)) & ~(seen & ~wished);
}

/* ---- making ----------------------------------------------------------- */

static gboolean
insert_new (MfDb *db, const MfSpot *spot, const MfMessage *like, MfMessage *out, GError **error)
{
  MfMessage row = *like;
  MfMsgId id = 0;

  row.folder = spot->folder;
  row.place = spot->place;
  row.base = (char *) spot->base;
  row.flags = spot->flags;
  return mf_messages_insert_local (db, &row, &id, error)
         && mf_folders_touch (db, spot->folder, spot->place, error)
         && mf_messages_get (db, id, out, error);
}

gboolean
mf_cache_create (MfCache *self, const MfSpot *spot, MfMessage *out, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) row = { 0 };
  MfMessage like = { .internaldate = g_get_real_time () / G_USEC_PER_SEC, .exact = TRUE,
                     .draft = TRUE };

  if (!mf_account_begin (self, &txn, error) || !check_target (self->front, spot->folder, error)
      || !insert_new (self->front, spot, &like, &row, error)
      || !mf_drafts_create (self->drafts, row.id, error) || !mf_db_commit (&txn, error))
    return FALSE;
  *out = row;
  row = (MfMessage){ 0 };
  return TRUE;
}

/* What is to be a copy itself is copied from the same. */
static gboolean
find_source (MfDb *db, const MfMessage *source, MfMsgId *out, GError **error)
{
  *out = source->id;
  return source->home != 0
         || (mf_pending_source (db, source->id, out, error)
             && (*out != 0
                 || mf_error_refuse (error, MF_CACHE_ERROR_UNSUPPORTED,
                                     "this message is on its way to the server")));
}

static gboolean
journal_difference (MfDb *db, MfMsgId id, const MfMessage *from, MfFlags flags,
                    const char *keywords, GError **error)
{
  g_autofree char *more = mf_keywords_remove (keywords, from->keywords);
  g_autofree char *less = mf_keywords_remove (from->keywords, keywords);

  if (from->flags == flags && more == NULL && less == NULL)
    return TRUE;
  return mf_journal_flags (db, id, flags & ~from->flags, from->flags & ~flags, more, less, error);
}

/* What of the flags differs from those of what is copied is told once the copy is there. */
static gboolean
journal_copy (MfCache *self, const MfMessage *source, const MfMessage *copy, GError **error)
{
  g_auto (MfMessage) from = { 0 };
  MfMsgId id = 0;

  if (!find_source (self->front, source, &id, error))
    return FALSE;
  if (!mf_messages_get (self->front, id, &from, NULL)) /* the copy will be an upload */
    mf_message_copy (source, &from);
  return mf_bodies_share (self->front, source->id, copy->id, error)
         && mf_journal_copy (self->front, copy->id, id, copy->folder, error)
         && journal_difference (self->front, copy->id, &from, copy->flags, copy->keywords, error);
}

/* @source's content, as one that will be on the server: uploaded from a file where that is
 * what there is, also of one that has been uploaded a moment ago. */
static gboolean
share_content (MfCache *self, const MfMessage *source, const MfMessage *copy, GError **error)
{
  if (source->draft)
    return mf_drafts_link (self->drafts, source, copy->id, error)
           && (copy->place == MF_PLACE_TMP
               || mf_journal_append (self->front, copy->id, copy->folder, error));
  return journal_copy (self, source, copy, error);
}

static gboolean
check_file (MfCache *self, const MfMessage *row, GError **error)
{
  int fd = mf_drafts_open_file (self->drafts, row, error);
  gboolean ok = fd >= 0 && mf_draft_check (fd, error);

  if (fd >= 0)
    close (fd);
  return ok;
}

/* A file in tmp/ has no content that the server could have; nothing else becomes
 * one. */
static gboolean
check_copy (MfCache *self, const MfMessage *source, const MfSpot *to, GError **error)
{
  if (to->place == MF_PLACE_TMP)
    return (source->home == 0 && source->draft)
           || mf_error_refuse (error, MF_CACHE_ERROR_UNSUPPORTED, "a message cannot go to tmp/");
  return !source->draft || check_file (self, source, error);
}

gboolean
mf_cache_copy (MfCache *self, MfMsgId id, const MfSpot *to, MfMessage *out, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) source = { 0 };
  g_auto (MfMessage) row = { 0 };

  if (!mf_account_begin (self, &txn, error) || !check_target (self->front, to->folder, error)
      || !mf_messages_get (self->front, id, &source, error)
      || !check_copy (self, &source, to, error))
    return FALSE;
  MfSpot spot = *to;
  spot.flags = changed_flags (source.flags, to->seen, to->flags);
  if (!insert_new (self->front, &spot, &source, &row, error)
      || !share_content (self, &source, &row, error)
      || !mf_account_commit (self, &txn, error))
    return FALSE;
  *out = row;
  row = (MfMessage){ 0 };
  return TRUE;
}

/* ---- renaming --------------------------------------------------------- */

static gboolean
expunge_once_there (MfCache *self, MfMessage *old, MfMsgId by, GError **error)
{
  gboolean nothing = FALSE;

  if (!mf_pending_undo_flags (self->front, old->id, &old->flags, &old->keywords, error)
      || !mf_journal_expunge (self->front, old, by, FALSE, &nothing, error))
    return FALSE;
  if (nothing)
    return mf_messages_remove (self->front, old->id, error);
  old->place = MF_PLACE_GONE;
  return mf_messages_store_spot (self->front, old, error);
}

/* Unless somebody has fetched it back meanwhile. */
gboolean
mf_account_replace_removed (MfCache *self, MfMsgId removed, MfMsgId by, MfNews *news,
                            GError **error)
{
  g_auto (MfMessage) old = { 0 };
  gboolean trash = FALSE;

  if (!mf_messages_get (self->front, removed, &old, NULL))
    return TRUE;
  if (old.place == MF_PLACE_GONE)
    return expunge_once_there (self, &old, by, error);
  if (!mf_trash_is (self->front, old.folder, &trash, error))
    return FALSE;
  if (!trash)
    return TRUE;
  mf_news_add (news, MF_EVENT_MESSAGE_REMOVED, old.folder, &old, NULL);
  return mf_folders_touch (self->front, old.folder, old.place, error)
         && expunge_once_there (self, &old, by, error);
}

static gboolean
replace (MfCache *self, MfMsgId replaced, MfFolderId folder, MfMsgId by, MfNews *news,
         GError **error)
{
  g_auto (MfMessage) old = { 0 };

  return mf_messages_get (self->front, replaced, &old, NULL) && old.folder == folder
                 && old.place != MF_PLACE_GONE
             ? expunge_once_there (self, &old, by, error)
             : mf_account_replace_removed (self, replaced, by, news, error);
}

static void
apply_spot (MfMessage *row, const MfSpot *to)
{
  row->folder = to->folder;
  row->flags = changed_flags (row->flags, to->seen, to->flags);
  row->place = row->flags != 0 && to->place == MF_PLACE_NEW ? MF_PLACE_CUR : to->place;
  if (to->base != NULL)
    {
      g_free (row->base);
      row->base = g_strdup (to->base);
    }
}

/* From tmp/ or lost+found: the file becomes a message, whatever failed before. */
static gboolean
deliver (MfCache *self, const MfMessage *row, GError **error)
{
  return check_file (self, row, error)
         && mf_db_run (self->front, error, "DELETE FROM change WHERE message = ? AND state = 3",
                       "i", row->id)
         && mf_account_journal_new (self, row, error);
}

/* Still being written, also when another client has removed what the server had of it: what
 * is sent in the end goes by the row as it is then. */
static gboolean
is_unqueued (MfCache *self, const MfMessage *row, gboolean *out, GError **error)
{
  gint64 entries = 0;

  if (!mf_db_number (self->front, 0, &entries, error, "SELECT 1 FROM change WHERE message = ? AND state != 3",
                     "i", row->id))
    return FALSE;
  *out = row->home == 0 && entries == 0;
  return TRUE;
}

static gboolean
journal_rename (MfCache *self, const MfMessage *before, const MfMessage *after, GError **error)
{
  gboolean unqueued = FALSE;

  if (after->place == MF_PLACE_TMP)
    return before->place == MF_PLACE_TMP
           || mf_error_refuse (error, MF_CACHE_ERROR_UNSUPPORTED,
                               "a message cannot go back to tmp/");
  if (before->place == MF_PLACE_TMP || before->folder == MF_FOLDER_LOST)
    return deliver (self, after, error);
  if (!is_unqueued (self, before, &unqueued, error) || unqueued)
    return unqueued;
  if (before->folder != after->folder
      && !mf_journal_move (self->front, before, after->folder, FALSE, error))
    return FALSE;
  return journal_difference (self->front, before->id, before, after->flags, after->keywords, error)
         && (before->folder != after->folder || g_strcmp0 (before->base, after->base) == 0
             || mf_journal_renamed (self->front, before->id, before->base,
                                    before->flags == after->flags, error));
}

gboolean
mf_cache_rename (MfCache *self, MfMsgId id, const MfSpot *to, MfMsgId replaced, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) before = { 0 };
  g_auto (MfMessage) after = { 0 };
  g_autoptr (MfNews) news = mf_news_new (self->engine->func, self->engine->user_data);

  if (!mf_account_begin (self, &txn, error) || !check_target (self->front, to->folder, error)
      || !mf_messages_get (self->front, id, &before, error))
    return FALSE;
  mf_message_copy (&before, &after);
  apply_spot (&after, to);
  if ((replaced != 0 && !replace (self, replaced, to->folder, id, news, error))
      || !mf_messages_store_spot (self->front, &after, error)
      || !journal_rename (self, &before, &after, error)
      || !touch_both (self->front, before.folder, before.place, after.folder, after.place, error)
      || !mf_account_commit (self, &txn, error))
    return FALSE;
  mf_news_send (news);
  return TRUE;
}

gboolean
mf_cache_set_flags (MfCache *self, const MfMessage *seen, MfFlags flags, const char *keywords,
                    GError **error)
{
  MfMsgId id = seen->id;
  g_autofree char *added = mf_keywords_remove (keywords, seen->keywords);
  g_autofree char *removed = mf_keywords_remove (seen->keywords, keywords);
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) before = { 0 };
  g_auto (MfMessage) after = { 0 };
  gboolean unqueued = FALSE;

  if (!mf_account_begin (self, &txn, error) || !mf_messages_get (self->front, id, &before, error))
    return FALSE;
  if (before.place == MF_PLACE_TMP)
    return mf_error_refuse (error, MF_CACHE_ERROR_UNSUPPORTED, "a file in tmp/ has no flags");
  mf_message_copy (&before, &after);
  after.flags = changed_flags (before.flags, seen->flags, flags);
  if (after.flags != 0)
    after.place = MF_PLACE_CUR;
  g_autofree char *more = mf_keywords_add (before.keywords, added);
  g_free (after.keywords);
  after.keywords = mf_keywords_remove (more, removed);
  return is_unqueued (self, &before, &unqueued, error)
         && mf_messages_store_spot (self->front, &after, error)
         && (unqueued
             || journal_difference (self->front, id, &before, after.flags, after.keywords, error))
         && touch_both (self->front, before.folder, before.place, after.folder, after.place, error)
         && mf_account_commit (self, &txn, error);
}

gboolean
mf_cache_set_date (MfCache *self, MfMsgId id, gint64 date, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) row = { 0 };
  gboolean sent = FALSE;

  if (!mf_account_begin (self, &txn, error) || !mf_messages_get (self->front, id, &row, error)
      || !mf_pending_is_sent (self->front, id, &sent, error))
    return FALSE;
  if (row.internaldate == date)
    return TRUE;
  if (row.home != 0 || sent || !row.draft)
    return mf_error_refuse (error, MF_CACHE_ERROR_UNSUPPORTED,
                            "the date of a stored message is fixed");
  return mf_messages_set_date (self->front, id, date, error) && mf_db_commit (&txn, error);
}

/* ---- removing --------------------------------------------------------- */

static gboolean
goes_to_trash (MfCache *self, const MfMessage *row, gboolean *out, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  gboolean trash = FALSE;

  *out = FALSE;
  if (self->options.expunge || row->folder == MF_FOLDER_LOST)
    return TRUE;
  if (!mf_folders_get (self->front, row->folder, &folder, error)
      || !mf_trash_is (self->front, row->folder, &trash, error))
    return FALSE;
  *out = !trash && folder.special_use != MF_USE_TRASH && folder.special_use != MF_USE_JUNK;
  return TRUE;
}

static gboolean
move_to_trash (MfCache *self, const MfMessage *before, const char *base, MfNews *news,
               GError **error)
{
  g_auto (MfMessage) after = { 0 };
  MfFolderId trash = 0, changed = 0;

  if (!mf_trash_get (self->front, &trash, &changed, error))
    return FALSE;
  if (changed != 0)
    mf_news_add (news, MF_EVENT_TREE_CHANGED, changed, NULL, NULL);
  mf_message_copy (before, &after);
  g_free (after.base);
  after.base = mf_messages_free_base (self->front, trash, base, error);
  after.folder = trash;
  return after.base != NULL && mf_messages_store_spot (self->front, &after, error)
         && mf_journal_move (self->front, before, trash, TRUE, error)
         && touch_both (self->front, before->folder, before->place, trash, after.place, error);
}

static gboolean
delete_row (MfCache *self, const MfMessage *row, GError **error)
{
  return mf_pending_forget (self->front, row->id, error)
         && mf_messages_remove (self->front, row->id, error)
         && mf_folders_touch (self->front, row->folder, row->place, error);
}

static gboolean
expunge (MfCache *self, MfMessage *row, GError **error)
{
  MfPlace place = row->place;
  gboolean nothing = FALSE;

  if (!mf_journal_expunge (self->front, row, 0, TRUE, &nothing, error))
    return FALSE;
  if (nothing)
    return delete_row (self, row, error);
  row->place = MF_PLACE_GONE;
  return mf_messages_store_spot (self->front, row, error)
         && mf_folders_touch (self->front, row->folder, place, error);
}

/* A draft that was never to be sent is nobody's message: an editor's trial. */
static gboolean
is_scratch (MfCache *self, const MfMessage *row, gboolean *out_scratch, GError **error)
{
  if (!is_unqueued (self, row, out_scratch, error))
    return FALSE;
  if (row->place == MF_PLACE_TMP)
    *out_scratch = TRUE;
  return TRUE;
}

/* When there is no row any more, nobody wants it. */
static void
drop_file (MfCache *self, const MfMessage *row)
{
  g_auto (MfMessage) now = { 0 };
  g_autoptr (GError) error = NULL;

  if (row->draft && !mf_messages_get (self->front, row->id, &now, &error)
      && g_error_matches (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND))
    mf_drafts_delete (self->drafts, row->id, row->version);
}

static gboolean
remove_message (MfCache *self, MfMessage *row, const char *base, MfNews *news, GError **error)
{
  gboolean trash = FALSE;

  if (!goes_to_trash (self, row, &trash, error))
    return FALSE;
  return (trash ? move_to_trash (self, row, base, news, error) : expunge (self, row, error))
         && mf_account_guard_removal (self, error);
}

gboolean
mf_cache_remove (MfCache *self, MfMsgId id, const char *base, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) row = { 0 };
  g_autoptr (MfNews) news = mf_news_new (self->engine->func, self->engine->user_data);
  gboolean scratch = FALSE;

  if (!mf_account_begin (self, &txn, error) || !mf_messages_get (self->front, id, &row, error)
      || !is_scratch (self, &row, &scratch, error)
      || !(scratch ? delete_row (self, &row, error)
                   : remove_message (self, &row, base, news, error))
      || !mf_account_commit (self, &txn, error))
    return FALSE;
  drop_file (self, &row);
  mf_news_send (news);
  return TRUE;
}
