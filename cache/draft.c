/* The MfDraft of cache.h: writing a message's content. */
#include <errno.h>
#include <unistd.h>

#include "cache/account.h"
#include "cache/draftreader.h"
#include "cache/error.h"
#include "cache/folders.h"
#include "cache/journal.h"
#include "cache/keywords.h"
#include "cache/labels.h"
#include "cache/messages.h"
#include "cache/pending.h"
#include "cache/rescue.h"
#include "cache/spot.h"

struct _MfDraft
{
  MfCache *cache;
  MfMsgId id;
  int fd;
  char *base; /* (nullable) */
  MfMessage replaced; /* id 0: none */
};

/* ---- opening ---------------------------------------------------------- */

/* From now on nothing is sent of it, and its body becomes no cached one. */
static gboolean
hold (MfCache *self, MfMsgId id, MfMessage *out_row, gboolean *out_in_place, MfBody **out_body,
      GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  gboolean moving = FALSE;

  if (!mf_db_begin (self->front, &txn, error)
      || !mf_messages_get (self->front, id, out_row, error)
      || !mf_pending_is_moving (self->front, id, &moving, error))
    return FALSE;
  *out_in_place = out_row->draft && out_row->home == 0 && !moving;
  if (!out_row->draft && !mf_drafts_is_held (self->drafts, id))
    {
      *out_body = mf_bodies_get (self->bodies, self->front, id, error);
      if (*out_body == NULL)
        return FALSE;
    }
  mf_drafts_hold (self->drafts, id);
  return TRUE;
}

MfDraft *
mf_cache_draft_open (MfCache *self, MfMsgId id, const char *base, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  g_autoptr (MfBody) body = NULL;
  gboolean in_place = FALSE;

  if (!mf_account_may_change (self, error)
      || !hold (self, id, &row, &in_place, &body, error))
    return NULL;
  int fd = mf_drafts_edit (self->drafts, &row, in_place, body, error);
  if (fd < 0)
    {
      mf_drafts_release (self->drafts, id);
      return NULL;
    }
  MfDraft *draft = g_new0 (MfDraft, 1);
  draft->cache = self;
  draft->id = id;
  draft->fd = fd;
  draft->base = g_strdup (base);
  return draft;
}

/* ---- reading and writing ---------------------------------------------- */

gssize
mf_draft_read (MfDraft *self, guint64 offset, char *buffer, gsize size, GError **error)
{
  gssize n = pread (self->fd, buffer, size, (off_t) offset);

  if (n < 0)
    mf_error_from_errno (error, "reading a draft");
  return n;
}

/* The row has the size that a stat is to see. */
static gboolean
note_size (MfDraft *self, GError **error)
{
  off_t size = lseek (self->fd, 0, SEEK_END);

  mf_drafts_set_dirty (self->cache->drafts, self->id, TRUE);
  return mf_db_run (self->cache->front, error,
                    "UPDATE message SET exact_size = ?1 WHERE id = ?2 AND exact_size IS NOT ?1",
                    "ii", (gint64) size, self->id);
}

gboolean
mf_draft_write (MfDraft *self, guint64 offset, const char *bytes, gsize size, GError **error)
{
  while (size > 0)
    {
      gssize n = pwrite (self->fd, bytes, size, (off_t) offset);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return mf_error_from_errno (error, "writing a draft");
      bytes += n;
      offset += (guint64) n;
      size -= (gsize) n;
    }
  return note_size (self, error);
}

/* A file that is cut to nothing goes to the disk when it is closed, for ext4 guesses that it
 * replaces another: not where there is nothing to cut. */
gboolean
mf_draft_truncate (MfDraft *self, guint64 size, GError **error)
{
  if (lseek (self->fd, 0, SEEK_END) != (off_t) size && ftruncate (self->fd, (off_t) size) != 0)
    return mf_error_from_errno (error, "truncating a draft");
  return note_size (self, error);
}

/* ---- queueing --------------------------------------------------------- */

/* The old text's name where the server has it, if it has to come back. */
static gboolean
keep_base (MfDb *db, MfMsgId id, MfMsgId tombstone, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE message SET base = (SELECT NULLIF (COALESCE ("
                    " (SELECT name FROM change WHERE message = ?1 AND kind = 1 AND state != 3"
                    "  ORDER BY seq LIMIT 1), base), '') FROM message WHERE id = ?1) WHERE id = ?2",
                    "ii", id, tombstone);
}

/* The server gives the new text ids of its own. */
static gboolean
forget_ids (MfDb *db, MfMsgId id, GError **error)
{
  return mf_db_run (db, error, "UPDATE message SET emailid = NULL, threadid = NULL WHERE id = ?",
                    "i", id);
}

/* As the server has it, but for what is being sent. */
static gboolean
keep_flags (MfDb *db, MfMsgId id, MfMsgId tombstone, GError **error)
{
  g_auto (MfMessage) old = { 0 };

  return mf_messages_get (db, tombstone, &old, error)
         && mf_pending_undo_flags (db, id, &old.flags, &old.keywords, error)
         && mf_messages_store_spot (db, &old, error);
}

/* What the server has of this message, or is getting now, goes once the new text
 * is there: a row of its own takes over what was asked for, and the old body.  The
 * UID goes with it, so a name that was generated from it is now given. */
static gboolean
supersede (MfDb *db, const MfMessage *row, const char *base, GError **error)
{
  g_auto (MfMessage) old = { 0 };
  MfMsgId tombstone = 0;
  gboolean nothing = FALSE;

  return mf_messages_split_remote (db, row, &tombstone, error) && forget_ids (db, row->id, error)
         && keep_base (db, row->id, tombstone, error)
         && keep_flags (db, row->id, tombstone, error)
         && mf_db_run (db, error, "UPDATE message SET base = ? WHERE id = ? AND base IS NULL", "si",
                       base, row->id)
         && mf_db_run (db, error, "UPDATE body SET message = ? WHERE message = ?", "ii", tombstone,
                       row->id)
         && mf_db_run (db, error,
                       "UPDATE message SET exact_size = (SELECT size FROM body WHERE message = ?1)"
                       " WHERE id = ?1",
                       "i", tombstone)
         && mf_pending_hand_over (db, row->id, tombstone, error)
         && mf_messages_get (db, tombstone, &old, error)
         && mf_journal_expunge (db, &old, row->id, FALSE, &nothing, error);
}

void
mf_draft_replace (MfDraft *self, const MfMessage *old)
{
  mf_message_copy (old, &self->replaced);
}

static gboolean
take_over (MfDraft *self, MfMessage *row, MfNews *news, GError **error)
{
  char *keywords = mf_keywords_add (row->keywords, self->replaced.keywords);

  g_free (row->keywords);
  row->keywords = keywords;
  return mf_messages_store_spot (self->cache->front, row, error)
         && mf_account_replace_removed (self->cache, self->replaced.id, row->id, news, error);
}

/* Unlike flags and keywords, labels do not travel with an upload. */
static gboolean
journal_labels (MfDb *db, MfMsgId id, const char *labels, GError **error)
{
  return labels == NULL || *labels == '\0' || mf_labels_journal (db, id, labels, NULL, error);
}

/* In tmp/ and lost+found nothing is sent. */
static gboolean
store (MfDraft *self, MfMessage *row, MfNews *news, GError **error)
{
  MfDb *db = self->cache->front;
  guint version = mf_drafts_version (self->cache->drafts, row);
  gboolean quiet = row->place == MF_PLACE_TMP || row->folder == MF_FOLDER_LOST;
  gboolean sent = FALSE;

  if (!quiet && !mf_pending_is_sent (db, row->id, &sent, error))
    return FALSE;
  gboolean again = !quiet && (row->home != 0 || sent);
  const char *labels = again ? row->labels : self->replaced.labels;
  if (again && !supersede (db, row, self->base, error))
    return FALSE;
  row->home = 0;
  row->draft = TRUE;
  row->version = version;
  return mf_messages_set_draft (db, row->id, MF_DRAFT_ONLY, version, error)
         && (quiet
             || ((self->replaced.id == 0 || take_over (self, row, news, error))
                 && mf_account_journal_new (self->cache, row, error)
                 && journal_labels (db, row->id, labels, error)));
}

/* The name may be gone by now: then nobody is to get it. */
static gboolean
find_row (MfDraft *self, MfMessage *row, gboolean *out_gone, GError **error)
{
  GError *local = NULL;

  *out_gone = FALSE;
  if (!mf_messages_get (self->cache->front, self->id, row, &local))
    *out_gone = g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND);
  else if (row->place == MF_PLACE_GONE)
    *out_gone = TRUE;
  if (local == NULL || *out_gone)
    {
      g_clear_error (&local);
      return TRUE;
    }
  g_propagate_error (error, local);
  return FALSE;
}

/* Whether it is a message matters only where it becomes one.  What is none yet may
 * become one by the hand of another who has it open: a shell truncates before it
 * writes. */
static gboolean
check (MfDraft *self, gboolean *out_later, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  gboolean gone = FALSE;
  GError *local = NULL;

  if (!find_row (self, &row, &gone, error))
    return FALSE;
  if (gone || row.place == MF_PLACE_TMP || row.folder == MF_FOLDER_LOST
      || mf_draft_check (self->fd, &local))
    return TRUE;
  *out_later = !mf_drafts_is_last (self->cache->drafts, self->id);
  if (!*out_later)
    g_propagate_error (error, local);
  else
    g_error_free (local);
  return *out_later;
}

gboolean
mf_draft_flush (MfDraft *self, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) row = { 0 };
  g_autoptr (MfNews) news
      = mf_news_new (self->cache->engine->func, self->cache->engine->user_data);
  gboolean gone = FALSE, later = FALSE;

  if (!mf_drafts_is_dirty (self->cache->drafts, self->id))
    return TRUE;
  if (!check (self, &later, error) || later)
    return later;
  if (!mf_db_begin (self->cache->front, &txn, error) || !find_row (self, &row, &gone, error)
      || (!gone && (!store (self, &row, news, error) || !mf_db_commit (&txn, error))))
    return FALSE;
  mf_drafts_set_dirty (self->cache->drafts, self->id, FALSE);
  mf_message_clear (&self->replaced);
  self->replaced.id = 0;
  mf_news_send (news);
  return TRUE;
}

gboolean
mf_draft_sync (MfDraft *self, GError **error)
{
  if (fdatasync (self->fd) != 0)
    return mf_error_from_errno (error, "syncing a draft");
  return mf_drafts_sync (self->cache->drafts, error) && mf_db_sync (self->cache->front, error);
}

/* ---- closing ---------------------------------------------------------- */

static gboolean
remove_row (MfCache *cache, const MfMessage *row, MfNews *news, GError **error)
{
  MfSettle settle = { cache->front, cache->drafts, cache->bodies, news };

  return mf_pending_forget (cache->front, row->id, error)
         && mf_messages_remove (cache->front, row->id, error)
         && mf_spot_restore_superseded (&settle, row->id, 0, error)
         && (row->place == MF_PLACE_GONE
             || mf_folders_touch (cache->front, row->folder, row->place, error));
}

/* Nobody has queued what was written: the message is again what it was before, if
 * it still is anything. */
static gboolean
drop_next_version (MfCache *cache, const MfMessage *row, guint version, MfNews *news,
                   GError **error)
{
  gboolean moving = FALSE;

  mf_drafts_delete (cache->drafts, row->id, version);
  if (!mf_pending_is_moving (cache->front, row->id, &moving, error))
    return FALSE;
  if (!row->draft && row->home == 0 && !moving)
    return remove_row (cache, row, news, error);
  return mf_rescue_size (cache->drafts, cache->front, row, error);
}

/* What was written last is no message: nobody was promised that it stays. */
static gboolean
drop_if_no_message (MfDraft *self, const MfMessage *row, MfNews *news, GError **error)
{
  MfCache *cache = self->cache;
  gboolean moving = FALSE;

  if (row->place >= MF_PLACE_TMP || row->folder == MF_FOLDER_LOST)
    return TRUE;
  if (!mf_pending_is_moving (cache->front, row->id, &moving, error))
    return FALSE;
  if (moving
      && (!mf_drafts_is_dirty (cache->drafts, row->id) || mf_draft_check (self->fd, NULL)))
    return TRUE;
  return remove_row (cache, row, news, error);
}

static gboolean
drop_unfinished (MfDraft *self, MfNews *news, GError **error)
{
  MfCache *cache = self->cache;
  g_auto (MfMessage) row = { .id = self->id };
  GError *local = NULL;
  gboolean known = mf_messages_get (cache->front, self->id, &row, &local);
  guint version = mf_drafts_version (cache->drafts, &row);

  if (known)
    return version != row.version ? drop_next_version (cache, &row, version, news, error)
                                  : drop_if_no_message (self, &row, news, error);
  if (!g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  g_error_free (local);
  mf_drafts_delete (cache->drafts, self->id, version);
  return TRUE;
}

/* What cannot be stored now is found by rescue.h. */
static void
end_writing (MfDraft *self)
{
  MfCache *cache = self->cache;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_autoptr (MfNews) news = mf_news_new (cache->engine->func, cache->engine->user_data);
  gboolean ok = mf_db_begin (cache->front, &txn, NULL);

  if (ok && mf_drafts_is_last (cache->drafts, self->id))
    ok = drop_unfinished (self, news, NULL);
  mf_drafts_release (cache->drafts, self->id);
  if (ok && mf_db_commit (&txn, NULL))
    mf_news_send (news);
}

static void
free_draft (MfDraft *self)
{
  close (self->fd);
  g_free (self->base);
  mf_message_clear (&self->replaced);
  g_free (self);
}

void
mf_draft_close (MfDraft *self)
{
  MfCache *cache = self->cache;

  end_writing (self);
  free_draft (self);
  mf_engine_wake_push (cache->engine);
}

/* It stays held, so that nothing of it is sent by the workers that still run. */
void
mf_draft_leave (MfDraft *self)
{
  free_draft (self);
}
