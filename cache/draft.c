/* The MfDraft of cache.h: writing a message's content. */
#include <errno.h>
#include <unistd.h>

#include "cache/account.h"
#include "cache/folders.h"
#include "cache/journal.h"
#include "cache/messages.h"

struct _MfDraft
{
  MfCache *cache;
  MfMsgId id;
  int fd;
  char *base; /* (nullable) */
};

static gboolean
set_errno_error (GError **error, const char *what)
{
  int code = errno == ENOSPC || errno == EDQUOT ? MF_CACHE_ERROR_FULL : MF_CACHE_ERROR_CORRUPT;

  g_set_error (error, MF_CACHE_ERROR, code, "%s a draft: %s", what, g_strerror (errno));
  return FALSE;
}

/* The file of a message on the server is made from its body; it counts from the
 * first write on. */
static gboolean
make_file (MfCache *self, const MfMessage *row, GError **error)
{
  if (row->draft || mf_drafts_is_held (self->drafts, row->id))
    return TRUE;
  g_autoptr (MfBody) body = mf_bodies_get (self->bodies, self->front, row->id, error);
  return body != NULL && mf_drafts_write_body (self->drafts, row->id, body, error);
}

MfDraft *
mf_cache_draft_open (MfCache *self, MfMsgId id, const char *base, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  if (!mf_account_may_change (self, error) || !mf_messages_get (self->front, id, &row, error)
      || !make_file (self, &row, error))
    return NULL;
  int fd = mf_drafts_open_file (self->drafts, id, FALSE, error);
  if (fd < 0)
    return NULL;
  MfDraft *draft = g_new0 (MfDraft, 1);
  draft->cache = self;
  draft->id = id;
  draft->fd = fd;
  draft->base = g_strdup (base);
  mf_drafts_hold (self->drafts, id);
  return draft;
}

gssize
mf_draft_read (MfDraft *self, guint64 offset, char *buffer, gsize size, GError **error)
{
  gssize n = pread (self->fd, buffer, size, (off_t) offset);

  if (n < 0)
    set_errno_error (error, "reading");
  return n;
}

/* The row has the size that a stat is to see. */
static gboolean
note_size (MfDraft *self, GError **error)
{
  off_t size = lseek (self->fd, 0, SEEK_END);

  mf_drafts_set_dirty (self->cache->drafts, self->id, TRUE);
  return mf_db_run (self->cache->front, error,
                    "UPDATE message SET draft = 1, exact_size = ?1 WHERE id = ?2"
                    " AND (draft != 1 OR exact_size IS NOT ?1)",
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
        return set_errno_error (error, "writing");
      bytes += n;
      offset += (guint64) n;
      size -= (gsize) n;
    }
  return note_size (self, error);
}

gboolean
mf_draft_truncate (MfDraft *self, guint64 size, GError **error)
{
  if (ftruncate (self->fd, (off_t) size) != 0)
    return set_errno_error (error, "truncating");
  return note_size (self, error);
}

/* What the server has of this message, or is getting now, goes once the new text
 * is there: a row of its own takes over what was asked for.  The UID goes with it,
 * so a name that was generated from it is now given. */
static gboolean
supersede (MfDb *db, const MfMessage *row, const char *base, GError **error)
{
  g_auto (MfMessage) old = { 0 };
  MfMsgId tombstone = 0;
  gboolean nothing = FALSE;

  return mf_messages_split_remote (db, row, &tombstone, error)
         && mf_db_run (db, error, "UPDATE message SET base = ? WHERE id = ? AND base IS NULL", "si",
                       base, row->id)
         && mf_journal_hand_over (db, row->id, tombstone, error)
         && mf_messages_get (db, tombstone, &old, error)
         && mf_journal_expunge (db, &old, row->id, FALSE, &nothing, error)
         && mf_db_run (db, error, "DELETE FROM body WHERE message = ?", "i", row->id);
}

static gboolean
queue (MfDraft *self, const MfMessage *row, GError **error)
{
  MfDb *db = self->cache->front;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  gboolean sent = FALSE;

  if (!mf_db_begin (db, &txn, error) || !mf_journal_is_sent (db, row->id, &sent, error)
      || ((row->home != 0 || sent) && !supersede (db, row, self->base, error)))
    return FALSE;
  return mf_account_journal_new (self->cache, row, error) && mf_db_commit (&txn, error);
}

/* The name may be gone by now: then nobody is to get it. */
static gboolean
find_row (MfDraft *self, MfMessage *row, gboolean *out_gone, GError **error)
{
  GError *local = NULL;

  if (mf_messages_get (self->cache->front, self->id, row, &local))
    return TRUE;
  *out_gone = g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND);
  if (*out_gone)
    g_error_free (local);
  else
    g_propagate_error (error, local);
  return *out_gone;
}

/* What is no message yet may become one by the hand of another who has it open:
 * a shell truncates before it writes. */
static gboolean
check (MfDraft *self, gboolean *out_later, GError **error)
{
  GError *local = NULL;

  if (mf_drafts_check (self->fd, &local))
    return TRUE;
  *out_later = mf_drafts_is_held_twice (self->cache->drafts, self->id);
  if (*out_later)
    g_error_free (local);
  else
    g_propagate_error (error, local);
  return FALSE;
}

gboolean
mf_draft_flush (MfDraft *self, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  gboolean gone = FALSE, later = FALSE;

  if (!mf_drafts_is_dirty (self->cache->drafts, self->id))
    return TRUE;
  if (!find_row (self, &row, &gone, error))
    return FALSE;
  if (!gone && row.place < MF_PLACE_TMP && row.folder != MF_FOLDER_LOST)
    {
      if (!check (self, &later, error))
        return later;
      if (!queue (self, &row, error))
        return FALSE;
    }
  mf_drafts_set_dirty (self->cache->drafts, self->id, FALSE);
  return TRUE;
}

gboolean
mf_draft_sync (MfDraft *self, GError **error)
{
  if (fdatasync (self->fd) != 0)
    return set_errno_error (error, "syncing");
  return mf_drafts_sync (self->cache->drafts, error) && mf_db_sync (self->cache->front, error);
}

/* What was written last is no message: nobody was promised that it stays. */
static gboolean
is_unfinished (MfDraft *self, const MfMessage *row, gboolean *out, GError **error)
{
  gint64 state = MF_DRAFT_NONE, queued = 0, sent = 0;

  if (!mf_db_number (self->cache->front, 0, &state, error, "SELECT draft FROM message WHERE id = ?",
                     "i", row->id)
      || !mf_db_number (self->cache->front, 0, &queued, error,
                        "SELECT 1 FROM change WHERE message = ? AND kind IN (2, 3)", "i", row->id)
      || !mf_db_number (self->cache->front, 0, &sent, error,
                        "SELECT 1 FROM change WHERE message = ? AND kind IN (2, 3) AND state != 0",
                        "i", row->id))
    return FALSE;
  *out = state == MF_DRAFT_ONLY && row->place < MF_PLACE_TMP && row->folder != MF_FOLDER_LOST
         && (queued == 0 || (sent == 0 && mf_drafts_is_dirty (self->cache->drafts, row->id) && !mf_drafts_check (self->fd, NULL)));
  return TRUE;
}

/* What the server has is the message again; what it has not is none. */
static gboolean
give_up (MfCache *cache, const MfMessage *row, GError **error)
{
  if (row->home != 0)
    return mf_db_run (cache->front, error,
                      "UPDATE message SET draft = 0, exact_size ="
                      " (SELECT size FROM body WHERE message = ?1) WHERE id = ?1",
                      "i", row->id);
  return mf_journal_forget (cache->front, row->id, error)
         && mf_messages_remove (cache->front, row->id, error)
         && mf_folders_touch (cache->front, row->folder, row->place, error);
}

/* FALSE: the file is needed. */
static gboolean
drop_unfinished (MfDraft *self)
{
  MfCache *cache = self->cache;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) row = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean unfinished = FALSE;

  if (!mf_db_begin (cache->front, &txn, NULL))
    return FALSE;
  if (!mf_messages_get (cache->front, self->id, &row, &error))
    return g_error_matches (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND);
  if (!row.draft)
    return TRUE;
  return is_unfinished (self, &row, &unfinished, NULL) && unfinished
         && give_up (cache, &row, NULL) && mf_db_commit (&txn, NULL);
}

/* A file that was opened and not written is no draft either. */
void
mf_draft_close (MfDraft *self)
{
  MfCache *cache = self->cache;

  mf_drafts_release (cache->drafts, self->id);
  if (!mf_drafts_is_held (cache->drafts, self->id) && drop_unfinished (self))
    mf_drafts_delete (cache->drafts, self->id);
  if (!mf_drafts_is_held (cache->drafts, self->id))
    mf_drafts_set_dirty (cache->drafts, self->id, FALSE);
  close (self->fd);
  g_free (self->base);
  g_free (self);
  mf_engine_wake_push (cache->engine);
}
