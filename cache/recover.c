#include "cache/recover.h"

#include "cache/content.h"
#include "cache/error.h"
#include "cache/folders.h"
#include "cache/messages.h"
#include "cache/pending.h"
#include "cache/pull.h"
#include "cache/settle.h"
#include "cache/trace.h"

guint mf_recover_grace_ms = 1000;

typedef struct
{
  MfEngine *engine;
  MfDb *db;
  MfLink *link;
  MfSettle settle;
  MfTrace *trace;
  GHashTable *opened; /* of MfFolderId: in this run, and its UIDVALIDITY is right */
  GError *hidden; /* (nullable) why the server does not let us see what became of an entry, */
  GError *closed; /* (nullable) or list a mailbox that was made anew */
  gboolean outdated; /* the entry has become another message's while it was looked into */
} Recover;

/* ---- storing ---------------------------------------------------------- */

typedef gboolean (*Conclusion) (MfSettle *, const MfChange *, GError **);

/* What may have been done, and cannot be seen, is not done again. */
static gboolean
settle_absent (Recover *self, Conclusion conclusion, const MfChange *change, GError **error)
{
  return self->hidden != NULL && change->state == MF_CHANGE_SENT
             ? mf_settle_hidden (&self->settle, change, self->hidden, error)
             : conclusion (&self->settle, change, error);
}

/* A new text leaves the entry to what it replaces (mf_pending_hand_over()): what was
 * looked for was the wrong one then, and nothing follows from it. */
static gboolean
begin_as_seen (Recover *self, MfDbTxn *txn, const MfChange *change, GError **error)
{
  g_auto (MfChange) now = { 0 };
  gboolean found = FALSE;

  if (!mf_db_begin (self->db, txn, error)
      || !mf_pending_get (self->db, change->seq, &now, &found, error))
    return FALSE;
  self->outdated = !found || now.message != change->message;
  return TRUE;
}

static gboolean
conclude (Recover *self, Conclusion conclusion, const MfChange *change, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (begin_as_seen (self, &txn, change, error)
      && (self->outdated || settle_absent (self, conclusion, change, error))
      && mf_db_commit (&txn, error))
    {
      mf_news_send (self->settle.news);
      return TRUE;
    }
  mf_news_forget (self->settle.news);
  return FALSE;
}

static gboolean
queue_again (MfSettle *settle, const MfChange *change, GError **error)
{
  return mf_pending_queue_again (settle->db, change, error);
}

static gboolean
conclude_arrived (Recover *self, const MfChange *change, guint32 uid, gboolean copied,
                  GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (begin_as_seen (self, &txn, change, error)
      && (self->outdated
          || (copied ? mf_settle_copied : mf_settle_arrived) (&self->settle, change,
                                                              change->folder, uid, error))
      && mf_db_commit (&txn, error))
    {
      mf_news_send (self->settle.news);
      return TRUE;
    }
  mf_news_forget (self->settle.news);
  return FALSE;
}

/* ---- mailboxes -------------------------------------------------------- */

/* The index is brought to what the mailbox is numbered by now.  What arrived there
 * meanwhile stays aside, since we are not settled with it. */
static gboolean
catch_up (Recover *self, const MfFolder *folder, guint32 uidvalidity, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (folder->uidvalidity == 0)
    return mf_db_begin (self->db, &txn, error)
           && mf_folders_learn_validity (self->db, folder, uidvalidity, error)
           && mf_db_commit (&txn, error);
  return mf_pull_folder (&self->settle, self->link, folder->id, error);
}

/* Takes @why.  A folder that is not there has nothing to be seen in it, and one that we
 * are kept out of must not keep all others waiting. */
static gboolean
go_on_after (Recover *self, GError *why, GError **error)
{
  mf_link_check (self->link, why);
  if (!mf_link_is_open (self->link) || why->domain != MF_REMOTE_ERROR || mf_error_is_passing (why))
    {
      g_propagate_error (error, why);
      return FALSE;
    }
  if (g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND) || self->hidden != NULL)
    g_error_free (why);
  else
    self->hidden = why;
  return TRUE;
}

/* *@out_there FALSE: there is no such folder, or none for us.  Else the index is of the
 * mailbox that is open. */
static gboolean
open_folder (Recover *self, MfFolderId id, MfFolder *out, gboolean *out_there, GError **error)
{
  guint32 uidvalidity = 0;
  GError *why = NULL;

  *out_there = FALSE;
  if (!mf_folders_get (self->db, id, out, NULL) || out->mailbox == NULL)
    return TRUE;
  *out_there = g_hash_table_contains (self->opened, &id);
  if (*out_there)
    return TRUE;
  if (mf_trace_open (self->trace, out, &uidvalidity, &why)
      && ((uidvalidity == out->uidvalidity && !out->renumbered)
          || catch_up (self, out, uidvalidity, &why)))
    {
      *out_there = TRUE;
      g_hash_table_add (self->opened, g_memdup2 (&id, sizeof id));
      return TRUE;
    }
  return go_on_after (self, why, error);
}

/* Is the original still where it was?  Its row is brought up to date. */
static gboolean
is_at_home (Recover *self, MfMessage *row, gboolean *out_there, GError **error)
{
  g_auto (MfFolder) home = { 0 };
  MfMsgId id = row->id;
  GError *why = NULL;

  *out_there = FALSE;
  if (row->home == 0)
    return TRUE;
  if (!open_folder (self, row->home, &home, out_there, error))
    return FALSE;
  if (!*out_there)
    return TRUE;
  mf_message_clear (row);
  if (!mf_messages_get (self->db, id, row, error))
    return FALSE;
  *out_there = FALSE;
  return row->uid == 0 || mf_trace_has (self->trace, &home, row->uid, out_there, &why)
         || go_on_after (self, why, error);
}

/* ---- one entry -------------------------------------------------------- */

/* What a message is told from others by. */
typedef struct
{
  char *message_id, *digest; /* (nullable) */
} Content;

static void
content_clear (Content *content)
{
  g_free (content->message_id);
  g_free (content->digest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Content, content_clear)

/* A server that tells UIDs and has told none may have found nothing to do. */
static gboolean
is_sure (Recover *self, const MfChange *change)
{
  return change->state == MF_CHANGE_DONE
         && (self->link->ops->caps (self->link->remote) & MF_CAP_UIDPLUS) == 0;
}

/* That of @original (nullable), on the server, if there is no content here. */
static gboolean
find_content (Recover *self, const MfChange *change, const MfMessage *row,
              const MfMessage *original, Content *out, GError **error)
{
  g_auto (MfFolder) home = { 0 };
  GError *why = NULL;

  out->message_id = mf_content_message_id (&self->settle, row);
  out->digest = change->digest != NULL ? g_strdup (change->digest)
                                       : mf_content_digest (&self->settle, row);
  if (out->digest != NULL || original == NULL || original->uid == 0
      || !mf_folders_get (self->db, original->home, &home, NULL) || home.mailbox == NULL)
    return TRUE;
  g_clear_pointer (&out->message_id, g_free);
  if (is_sure (self, change))
    out->message_id = mf_trace_message_id (self->trace, &home, original->uid, &why);
  if (why == NULL && (out->message_id == NULL || *out->message_id == '\0'))
    out->digest = mf_trace_digest (self->trace, &home, original->uid, &why);
  return why == NULL || go_on_after (self, why, error);
}

/* What was noted of the entry does not hold in a mailbox that was made anew. */
static gboolean
open_target (Recover *self, const MfChange *change, MfFolder *out, guint32 *out_bound,
             gboolean *out_there, GError **error)
{
  g_auto (MfChange) now = { 0 };
  gboolean found = FALSE;

  if (!open_folder (self, change->folder, out, out_there, error)
      || !mf_pending_get (self->db, change->seq, &now, &found, error))
    return FALSE;
  *out_there &= found;
  *out_bound = now.uidnext;
  return TRUE;
}

/* @original (nullable) is there still, and may be the only one to tell the content. */
static gboolean
find_in_target (Recover *self, const MfChange *change, const MfMessage *row,
                const MfMessage *original, guint32 *out_uid, GError **error)
{
  gboolean upload = change->kind == MF_CHANGE_APPEND, sure = is_sure (self, change);
  MfTraceOf what = { .date = row->internaldate, .size = row->wire_size,
                     .emailid = upload ? NULL : row->emailid, .loose = upload, .sure = sure,
                     .strict = change->kind == MF_CHANGE_MOVE && original != NULL && !sure };
  g_auto (MfFolder) target = { 0 };
  g_auto (Content) content = { 0 };
  gboolean there = FALSE, likely = FALSE;
  guint32 bound = 0;
  GError *why = NULL;

  *out_uid = 0;
  if (!open_target (self, change, &target, &bound, &there, error))
    return FALSE;
  if (!there)
    return TRUE;
  if (!mf_trace_is_likely (self->trace, &target, bound, &what, &likely, &why))
    return go_on_after (self, why, error);
  if (!likely)
    return TRUE;
  if (!find_content (self, change, row, original, &content, error))
    return FALSE;
  what.message_id = content.message_id;
  what.digest = content.digest;
  return mf_trace_find (self->trace, &target, bound, &what, out_uid, &why)
         || go_on_after (self, why, error);
}

/* A COPY that stood for a MOVE leaves the original behind; so does a server that dies in
 * the middle of a MOVE. */
static gboolean
recover_move (Recover *self, const MfChange *change, MfMessage *row, GError **error)
{
  gboolean there = FALSE;
  guint32 uid = 0;

  if (!is_at_home (self, row, &there, error)
      || !find_in_target (self, change, row, there ? row : NULL, &uid, error))
    return FALSE;
  if (uid != 0)
    return conclude_arrived (self, change, uid, there, error);
  /* It is there still, and that is what a MOVE was to change. */
  if (there && (self->link->ops->caps (self->link->remote) & MF_CAP_MOVE) != 0)
    g_clear_error (&self->hidden);
  return conclude (self, there ? queue_again : mf_settle_missing, change, error);
}

/* *@out_there FALSE: there is no such message. */
static gboolean
find_message (Recover *self, MfMsgId id, MfMessage *out, gboolean *out_there, GError **error)
{
  GError *local = NULL;

  *out_there = mf_messages_get (self->db, id, out, &local);
  if (*out_there || g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND))
    {
      g_clear_error (&local);
      return TRUE;
    }
  g_propagate_error (error, local);
  return FALSE;
}

/* What a move by COPY has left behind, and the entry for its removal. */
static gboolean
find_left_behind (Recover *self, const MfChange *change, MfChange *removal, MfMessage *original,
                  gboolean *out_found, GError **error)
{
  MfSeq seq = 0;

  return mf_db_number (self->db, 0, &seq, error,
                       "SELECT seq FROM change WHERE kind = 4 AND source = ?", "i", change->message)
         && mf_pending_get (self->db, seq, removal, out_found, error)
         && (!*out_found
             || find_message (self, removal->message, original, out_found, error));
}

/* It may have gone too: then nothing is to be undone. */
static gboolean
forget_gone_original (Recover *self, const MfChange *change, GError **error)
{
  g_auto (MfChange) removal = { 0 };
  g_auto (MfMessage) original = { 0 };
  gboolean found = FALSE, there = FALSE;

  if (!find_left_behind (self, change, &removal, &original, &found, error))
    return FALSE;
  if (!found)
    return TRUE;
  return is_at_home (self, &original, &there, error)
         && (there || self->hidden != NULL
             || conclude (self, mf_settle_expunged, &removal, error));
}

/* What the message was made of, if that is known: *@out_found. */
static gboolean
find_made_of (Recover *self, const MfChange *change, MfMessage *out, gboolean *out_found,
              GError **error)
{
  g_auto (MfChange) removal = { 0 };

  if (change->kind == MF_CHANGE_MOVE)
    return find_left_behind (self, change, &removal, out, out_found, error);
  return change->source == 0 || find_message (self, change->source, out, out_found, error);
}

/* Said yes to, and not to be found: another client was quicker. */
static gboolean
recover_made (Recover *self, const MfChange *change, const MfMessage *row, GError **error)
{
  g_auto (MfMessage) source = { 0 };
  gboolean copied = FALSE;
  guint32 uid = 0;

  if (!find_made_of (self, change, &source, &copied, error)
      || !find_in_target (self, change, row, copied ? &source : NULL, &uid, error))
    return FALSE;
  if (uid != 0)
    return conclude_arrived (self, change, uid, FALSE, error);
  if (change->kind == MF_CHANGE_MOVE && !forget_gone_original (self, change, error))
    return FALSE;
  /* Superseded by a new text meanwhile: nobody wants it any more. */
  gboolean unwanted = row->place == MF_PLACE_GONE && !row->draft;
  return conclude (
      self, change->state == MF_CHANGE_DONE || unwanted ? mf_settle_missing : queue_again, change,
      error);
}

static gboolean
makes_messages (const MfChange *change)
{
  return change->kind == MF_CHANGE_MOVE || change->kind == MF_CHANGE_COPY
         || change->kind == MF_CHANGE_APPEND;
}

static gboolean
look_into (Recover *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  g_clear_error (&self->hidden);
  if (!makes_messages (change))
    return conclude (self, queue_again, change, error);
  if (!mf_messages_get (self->db, change->message, &row, NULL))
    return conclude (self, mf_settle_done, change, error);
  if (change->kind == MF_CHANGE_MOVE && change->state == MF_CHANGE_SENT)
    return recover_move (self, change, &row, error);
  return recover_made (self, change, &row, error);
}

static gboolean
recover_one (Recover *self, MfSeq seq, GError **error)
{
  gboolean found = FALSE;

  do
    {
      g_auto (MfChange) change = { 0 };
      self->outdated = FALSE;
      if (!mf_pending_get (self->db, seq, &change, &found, error)
          || (found && !look_into (self, &change, error)))
        return FALSE;
      if (self->outdated)
        mf_trace_forget (self->trace);
    }
  while (self->outdated);
  return TRUE;
}

/* Those of the same target one after the other, so that it is listed once; first what has
 * a digest, lest a text that is not here any more should be taken for another. */
static int
compare_targets (gconstpointer a, gconstpointer b)
{
  const MfChange *x = a, *y = b;

  if (x->folder != y->folder)
    return x->folder < y->folder ? -1 : 1;
  if ((x->digest != NULL) != (y->digest != NULL))
    return x->digest != NULL ? -1 : 1;
  if (x->uidnext != y->uidnext)
    return x->uidnext < y->uidnext ? -1 : 1;
  return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* What the server is still at must not be taken for what it has not done, nor be done after
 * its opposite: a folder removed that was made since, a flag set that was taken back. */
static gboolean
needs_patience (Recover *self)
{
  return g_get_monotonic_time () < self->link->opened_us + 1000 * (gint64) mf_recover_grace_ms;
}

static gboolean
sleep_until (MfEngine *engine, gint64 until_us)
{
  g_mutex_lock (&engine->lock);
  while (!engine->stopping && engine->online && g_get_monotonic_time () < until_us)
    g_cond_wait_until (&engine->changed, &engine->lock, until_us);
  gboolean slept = !engine->stopping && engine->online;
  g_mutex_unlock (&engine->lock);
  return slept;
}

/* A session that is everybody's is left to the others meanwhile, who may open another. */
static gboolean
wait_for_server (Recover *self, GError **error)
{
  MfEngine *engine = self->engine;
  MfLink *link = self->link;
  gboolean is_shared = link == engine->links[MF_WORKER_FRONT];
  gboolean slept = TRUE;

  while (slept && mf_link_is_open (link) && needs_patience (self))
    {
      gint64 until_us = link->opened_us + 1000 * (gint64) mf_recover_grace_ms;

      if (is_shared)
        mf_link_give (link);
      slept = sleep_until (engine, until_us);
      if (is_shared)
        mf_link_take (link);
    }
  if (!mf_link_is_open (link))
    g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE, "the session was lost");
  return mf_link_is_open (link);
}

static gboolean
recover_all (Recover *self, MfChangeState state, GError **error)
{
  g_autoptr (GArray) changes = mf_pending_list (self->db, state, error);

  if (changes == NULL)
    return FALSE;
  g_array_sort (changes, compare_targets);
  if (state == MF_CHANGE_SENT && changes->len > 0 && !wait_for_server (self, error))
    return FALSE;
  for (guint i = 0; i < changes->len; i++)
    if (!recover_one (self, g_array_index (changes, MfChange, i).seq, error))
      return FALSE;
  return TRUE;
}

/* ---- mailboxes made anew ----------------------------------------------- */

/* Entries wait for their messages to be found there.  One that cannot be opened
 * does not keep others. */
static gboolean
catch_up_locked (Recover *self, MfFolderId id, GError **error)
{
  GError *why = NULL;

  if (!mf_engine_wait_pull (self->engine, id))
    return TRUE;
  gboolean ok = mf_pull_folder (&self->settle, self->link, id, &why);
  mf_engine_release_pull (self->engine, id);
  if (ok)
    return TRUE;
  mf_link_check (self->link, why);
  if (!mf_link_is_open (self->link))
    {
      g_propagate_error (error, why);
      return FALSE;
    }
  g_clear_error (&self->closed);
  self->closed = why;
  return TRUE;
}

static gboolean
catch_up_all (Recover *self, GError **error)
{
  g_autoptr (GArray) ids = mf_folders_ids_renumbered (self->db, error);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (!catch_up_locked (self, g_array_index (ids, MfFolderId, i), error))
      return FALSE;
  return ids != NULL;
}

gboolean
mf_recover_run (MfEngine *engine, MfLink *link, GError **out_hidden, GError **error)
{
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  g_autoptr (MfTrace) trace = mf_trace_new (engine->db, link);
  g_autoptr (GHashTable) opened
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  Recover self = { engine, engine->db, link, mf_engine_settle (engine, news), trace, opened, NULL,
                   NULL, FALSE };
  gboolean ok = recover_all (&self, MF_CHANGE_SENT, error)
                && recover_all (&self, MF_CHANGE_DONE, error) && catch_up_all (&self, error);

  g_clear_error (&self.hidden);
  *out_hidden = self.closed;
  return ok;
}
