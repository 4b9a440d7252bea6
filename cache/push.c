#include "cache/push.h"

#include <string.h>

#include "cache/error.h"
#include "cache/folders.h"
#include "cache/group.h"
#include "cache/messages.h"
#include "cache/pushfolder.h"
#include "cache/settle.h"

typedef struct
{
  MfEngine *engine;
  MfDb *db;
  MfLink *link;
  MfGroup *group;
  MfSettle settle;
  MfFolder home, target; /* zeroes when there is none */
} Push;

static MfChange *
change_at (Push *self, guint i)
{
  return &g_array_index (self->group->changes, MfChange, i);
}

static MfMessage *
message_at (Push *self, guint i)
{
  return &g_array_index (self->group->messages, MfMessage, i);
}

/* ---- answers ---------------------------------------------------------- */

typedef gboolean (*Outcome) (Push *self, guint i, gpointer data, GError **error);

/* Applies @outcome to each of the group, in one transaction. */
static gboolean
settle_each (Push *self, Outcome outcome, gpointer data, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_db_begin (self->db, &txn, error))
    return FALSE;
  for (guint i = 0; i < self->group->changes->len; i++)
    if (!outcome (self, i, data, error))
      return FALSE;
  return mf_db_commit (&txn, error);
}

static gboolean
as_done (Push *self, guint i, gpointer data, GError **error)
{
  return mf_settle_done (&self->settle, change_at (self, i), error);
}

static gboolean
as_expunged (Push *self, guint i, gpointer data, GError **error)
{
  return mf_settle_expunged (&self->settle, change_at (self, i), error);
}

static gboolean
as_refused (Push *self, guint i, gpointer why, GError **error)
{
  return mf_settle_refused (&self->settle, change_at (self, i), why, error);
}

static gboolean
as_sent (Push *self, guint i, gpointer data, GError **error)
{
  /* What is noted for DONE serves SENT as well. */
  return mf_journal_set_sent (self->db, change_at (self, i)->seq, self->target.uidnext, error);
}

static gboolean
as_queued (Push *self, guint i, gpointer data, GError **error)
{
  return mf_journal_set_state (self->db, change_at (self, i)->seq, MF_CHANGE_QUEUED, NULL, error);
}

/* The command has failed with @why.  A link that died leaves the entries as they
 * are: recover.h finds out.  A server that is busy is asked again later. */
static gboolean
settle_failure (Push *self, GError *why, GError **error)
{
  mf_link_check (self->link, why);
  if (!mf_link_is_open (self->link))
    {
      g_propagate_error (error, why);
      return FALSE;
    }
  if (g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY))
    {
      gboolean ok = settle_each (self, as_queued, NULL, error);
      if (ok)
        g_propagate_error (error, why);
      else
        g_error_free (why);
      return FALSE;
    }
  gboolean ok = settle_each (self, as_refused, why, error);
  if (ok)
    mf_engine_tell_refused (self->engine, change_at (self, 0)->seq, why);
  g_error_free (why);
  return ok;
}

/* ---- flags and removals ----------------------------------------------- */

static gboolean
store (Push *self, const MfUidSet *uids, gboolean add, MfFlags flags, const char *keywords,
       GError **error)
{
  if (flags == 0 && keywords == NULL)
    return TRUE;
  return self->link->ops->store (self->link->remote, uids, add, flags, keywords, NULL, NULL,
                                 self->link->cancellable, error);
}

static gboolean
push_flags (Push *self, const MfUidSet *uids, GError **error)
{
  const MfChange *first = change_at (self, 0);
  GError *why = NULL;

  if (store (self, uids, TRUE, first->add_flags, first->add_keywords, &why)
      && store (self, uids, FALSE, first->remove_flags, first->remove_keywords, &why))
    return settle_each (self, as_done, NULL, error);
  return settle_failure (self, why, error);
}

/* Without UIDPLUS only a bare EXPUNGE would remove it, and with it what another
 * client has marked: it stays \Deleted there, and hidden here. */
static gboolean
push_expunge (Push *self, const MfUidSet *uids, GError **error)
{
  GError *why = NULL;
  gboolean uidplus = (self->link->ops->caps (self->link->remote) & MF_CAP_UIDPLUS) != 0;

  if (!store (self, uids, TRUE, MF_FLAG_DELETED, NULL, &why)
      || (uidplus
          && !self->link->ops->expunge (self->link->remote, uids, self->link->cancellable, &why)))
    return settle_failure (self, why, error);
  return settle_each (self, uidplus ? as_expunged : as_done, NULL, error);
}

/* ---- moves and copies ------------------------------------------------- */

static guint32
target_uid (const MfCopied *copied, guint32 source)
{
  for (guint i = 0; i < copied->pairs->len; i++)
    {
      MfUidPair *pair = &g_array_index (copied->pairs, MfUidPair, i);
      if (pair->source == source)
        return pair->target;
    }
  return 0;
}

typedef struct
{
  GHashTable *uids;  /* source -> target */
  gboolean told;     /* there was a COPYUID */
  gboolean original; /* to be expunged after a copy */
} Arrival;

/* A UID that COPYUID leaves out was not there any more. */
static gboolean
as_arrived (Push *self, guint i, gpointer data, GError **error)
{
  Arrival *arrival = data;
  guint32 source = mf_group_uid (self->group, i);
  guint32 uid
      = GPOINTER_TO_UINT (g_hash_table_lookup (arrival->uids, GUINT_TO_POINTER (source)));

  if (arrival->told && uid == 0)
    return mf_settle_missing (&self->settle, change_at (self, i), error);
  if (arrival->original)
    return mf_settle_copied (&self->settle, change_at (self, i), self->target.id, uid, error);
  return mf_settle_arrived (&self->settle, change_at (self, i), self->target.id, uid, error);
}

/* UIDs of another UIDVALIDITY than the index's say nothing (I6): what arrived is
 * looked for by content. */
static gboolean
is_valid (Push *self, guint32 uidvalidity)
{
  return self->target.uidvalidity == 0 || self->target.uidvalidity == uidvalidity;
}

static gboolean
learn_validity (Push *self, guint32 uidvalidity, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (self->target.uidvalidity != 0)
    return TRUE;
  return mf_db_begin (self->db, &txn, error)
         && mf_folders_learn_validity (self->db, &self->target, uidvalidity, error)
         && mf_db_commit (&txn, error);
}

static gboolean
settle_arrivals (Push *self, const MfCopied *copied, gboolean original, GError **error)
{
  g_autoptr (GHashTable) uids = g_hash_table_new (NULL, NULL);
  gboolean told = copied->uidvalidity != 0 && is_valid (self, copied->uidvalidity);
  Arrival arrival = { uids, told, original };

  if (told && !learn_validity (self, copied->uidvalidity, error))
    return FALSE;
  for (guint i = 0; told && copied->pairs != NULL && i < copied->pairs->len; i++)
    {
      MfUidPair *pair = &g_array_index (copied->pairs, MfUidPair, i);
      g_hash_table_insert (uids, GUINT_TO_POINTER (pair->source), GUINT_TO_POINTER (pair->target));
    }
  return settle_each (self, as_arrived, &arrival, error);
}

/* What a refused command has done all the same is settled; the rest is refused. */
static gboolean
settle_partly (Push *self, const MfCopied *copied, GError *why, GError **error)
{
  for (guint i = self->group->changes->len; copied->pairs != NULL && i-- > 0;)
    {
      g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
      guint32 uid = target_uid (copied, mf_group_uid (self->group, i));
      if (uid == 0)
        continue;
      if (!mf_db_begin (self->db, &txn, error)
          || !mf_settle_arrived (&self->settle, change_at (self, i), self->target.id, uid, error)
          || !mf_db_commit (&txn, error))
        {
          g_error_free (why);
          return FALSE;
        }
      g_array_remove_index (self->group->changes, i);
      g_array_remove_index (self->group->messages, i);
    }
  if (self->group->changes->len > 0)
    return settle_failure (self, why, error);
  g_error_free (why);
  return TRUE;
}

static gboolean
push_move (Push *self, const MfUidSet *uids, GError **error)
{
  gboolean can = (self->link->ops->caps (self->link->remote) & MF_CAP_MOVE) != 0;
  g_auto (MfCopied) copied = { 0 };
  GError *why = NULL;

  gboolean ok = (can ? self->link->ops->move : self->link->ops->copy) (
      self->link->remote, uids, self->target.mailbox, &copied, self->link->cancellable, &why);
  if (ok)
    return settle_arrivals (self, &copied, !can, error);
  return can ? settle_partly (self, &copied, why, error) : settle_failure (self, why, error);
}

static gboolean
push_copy (Push *self, const MfUidSet *uids, GError **error)
{
  g_auto (MfCopied) copied = { 0 };
  GError *why = NULL;

  if (self->link->ops->copy (self->link->remote, uids, self->target.mailbox, &copied,
                             self->link->cancellable, &why))
    return settle_arrivals (self, &copied, FALSE, error);
  return settle_failure (self, why, error);
}

/* ---- uploads ---------------------------------------------------------- */

typedef struct
{
  MfDraftReader *readers;
  MfUpload *uploads;
  guint n, done;
} Batch;

static void
free_batch (Batch *batch)
{
  for (guint i = 0; i < batch->n; i++)
    mf_draft_reader_clear (&batch->readers[i]);
  g_free (batch->readers);
  g_free (batch->uploads);
}

static gboolean
open_upload (Push *self, guint i, Batch *batch, GError **error)
{
  MfMessage *message = message_at (self, i);
  int fd = mf_drafts_open_file (self->engine->drafts, message->id, FALSE, error);

  if (fd < 0)
    return FALSE;
  batch->n = i + 1;
  batch->readers[i].fd = fd;
  if (!mf_draft_reader_init (&batch->readers[i], fd, error))
    return FALSE;
  batch->uploads[i] = (MfUpload){
    .flags = message->flags,
    .keywords = message->keywords,
    .internaldate = message->internaldate,
    .size = batch->readers[i].wire_size,
    .read = mf_draft_reader_read,
    .user_data = &batch->readers[i],
  };
  return TRUE;
}

static gboolean
open_batch (Push *self, Batch *batch, GError **error)
{
  guint n = self->group->changes->len;

  batch->readers = g_new0 (MfDraftReader, n);
  batch->uploads = g_new0 (MfUpload, n);
  for (guint i = 0; i < n; i++)
    if (!open_upload (self, i, batch, error))
      return FALSE;
  return TRUE;
}

/* Those before the first refusal, and those after it that came through. */
static gboolean
is_stored (const Batch *batch, guint i)
{
  return i < batch->done || batch->uploads[i].out_uid != 0;
}

/* The draft's file stays until adopt.c has made a cached body of it. */
static gboolean
as_uploaded (Push *self, guint i, gpointer data, GError **error)
{
  Batch *batch = data;
  MfChange *change = change_at (self, i);
  MfMessage *message = message_at (self, i);

  if (!is_stored (batch, i))
    return TRUE;
  if (!mf_db_run (self->db, error,
                  "UPDATE message SET wire_size = ? WHERE id = ?", "ii",
                  (gint64) batch->uploads[i].size, change->message))
    return FALSE;
  /* Flags may have changed while it was under way. */
  g_auto (MfMessage) now = { 0 };
  if (mf_messages_get (self->db, change->message, &now, NULL) && now.flags != message->flags
      && !mf_journal_flags (self->db, change->message, now.flags & ~message->flags,
                            message->flags & ~now.flags, NULL, NULL, error))
    return FALSE;
  return mf_settle_arrived (&self->settle, change, self->target.id, batch->uploads[i].out_uid,
                            error);
}

static void
drop_stored (Push *self, const Batch *batch)
{
  for (guint i = self->group->changes->len; i-- > 0;)
    if (is_stored (batch, i))
      {
        g_array_remove_index (self->group->changes, i);
        g_array_remove_index (self->group->messages, i);
      }
}

/* The UIDs that came are the index's kind, or none. */
static gboolean
check_validity (Push *self, Batch *batch, guint32 uidvalidity, GError **error)
{
  if (uidvalidity != 0 && is_valid (self, uidvalidity))
    return learn_validity (self, uidvalidity, error);
  for (guint i = 0; i < batch->done; i++)
    batch->uploads[i].out_uid = 0;
  return TRUE;
}

static gboolean
push_append (Push *self, Batch *batch, GError **error)
{
  guint32 uidvalidity = 0;
  GError *why = NULL;
  gboolean ok = self->link->ops->append (self->link->remote, self->target.mailbox, batch->uploads,
                                         self->group->changes->len, &batch->done, &uidvalidity,
                                         self->link->cancellable, &why);

  if (ok)
    batch->done = self->group->changes->len;
  if (!check_validity (self, batch, uidvalidity, error)
      || !settle_each (self, as_uploaded, batch, error))
    {
      g_clear_error (&why);
      return FALSE;
    }
  if (ok)
    return TRUE;
  drop_stored (self, batch);
  /* One refusal may be of one message: the others are tried alone. */
  if (self->group->changes->len == 0)
    {
      g_error_free (why);
      return TRUE;
    }
  if (self->group->changes->len > 1 && !mf_error_is_passing (why))
    {
      g_error_free (why);
      self->engine->upload_alone = TRUE;
      return settle_each (self, as_queued, NULL, error);
    }
  return settle_failure (self, why, error);
}

/* ---- a group ---------------------------------------------------------- */

static gboolean
select_home (Push *self, GError **error)
{
  GError *why = NULL;

  if (self->home.id == 0)
    return TRUE;
  if (!mf_link_select (self->link, self->home.mailbox, FALSE, &why))
    {
      g_propagate_error (error, why);
      return FALSE;
    }
  if (self->link->selected.uidvalidity == self->home.uidvalidity)
    return TRUE;
  g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT, "%s has been made anew",
               self->home.mailbox);
  return FALSE;
}

static gboolean
send (Push *self, GError **error)
{
  g_autoptr (MfUidSet) uids = mf_group_uids (self->group);
  Batch batch = { 0 };
  gboolean ok;

  switch (self->group->kind)
    {
    case MF_CHANGE_FLAGS:
      return push_flags (self, uids, error);
    case MF_CHANGE_EXPUNGE:
      return push_expunge (self, uids, error);
    case MF_CHANGE_MOVE:
      return push_move (self, uids, error);
    case MF_CHANGE_COPY:
      return push_copy (self, uids, error);
    case MF_CHANGE_APPEND:
      ok = open_batch (self, &batch, error) && push_append (self, &batch, error);
      free_batch (&batch);
      return ok;
    default:
      return mf_push_folder (self->engine, self->link, change_at (self, 0), &self->settle, error);
    }
}

/* Nobody pulls the folders of the group while the answer is not stored: what
 * arrives there is ours, and what is missing there too. */
static gboolean
lock_folders (Push *self)
{
  if (self->home.id != 0 && !mf_engine_wait_pull (self->engine, self->home.id))
    return FALSE;
  if (self->target.id == 0 || self->target.id == self->home.id
      || mf_engine_wait_pull (self->engine, self->target.id))
    return TRUE;
  if (self->home.id != 0)
    mf_engine_release_pull (self->engine, self->home.id);
  return FALSE;
}

static void
unlock_folders (Push *self)
{
  if (self->home.id != 0)
    mf_engine_release_pull (self->engine, self->home.id);
  if (self->target.id != 0 && self->target.id != self->home.id)
    mf_engine_release_pull (self->engine, self->target.id);
}

/* A target that was never listed: what is in it is not known, but its UIDNEXT can be. */
static gboolean
learn_uidnext (Push *self, GError **error)
{
  MfMailboxStatus status = { 0 };

  if (self->target.id == 0 || self->target.uidnext != 0)
    return TRUE;
  if (self->target.mailbox == NULL)
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND,
                           "the folder could not be made on the server");
      return FALSE;
    }
  if (!self->link->ops->status (self->link->remote, self->target.mailbox, &status,
                                self->link->cancellable, error))
    return FALSE;
  self->target.uidnext = MAX (status.uidnext, 1);
  return TRUE;
}

static gboolean
as_missing (Push *self, guint i, gpointer data, GError **error)
{
  return mf_settle_missing (&self->settle, change_at (self, i), error);
}

/* The folder that the messages were in cannot be opened. */
static gboolean
settle_no_home (Push *self, GError *why, GError **error)
{
  if (g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND))
    {
      g_error_free (why);
      return settle_each (self, as_missing, NULL, error);
    }
  if (!g_error_matches (why, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT))
    return settle_failure (self, why, error);
  mf_engine_pull_soon (self->engine, self->home.id);
  g_propagate_error (error, why);
  return FALSE;
}

static gboolean
mark_and_send (Push *self, GError **error)
{
  GError *why = NULL;

  if (!learn_uidnext (self, &why))
    return settle_failure (self, why, error);
  if (!select_home (self, &why))
    return settle_no_home (self, why, error);
  return settle_each (self, as_sent, NULL, error) && send (self, error);
}

static gboolean
run_group (Push *self, GError **error)
{
  MfGroup *group = self->group;
  gboolean of_messages = group->kind < MF_CHANGE_CREATE;

  if (group->kind == MF_CHANGE_APPEND && self->engine->upload_alone)
    {
      g_array_set_size (group->changes, 1);
      g_array_set_size (group->messages, 1);
      self->engine->upload_alone = mf_journal_count (self->db, MF_CHANGE_QUEUED) > 1;
    }
  if (of_messages
      && ((group->home != 0 && !mf_folders_get (self->db, group->home, &self->home, error))
          || (group->target != 0
              && !mf_folders_get (self->db, group->target, &self->target, error))))
    return FALSE;
  if (!lock_folders (self))
    return TRUE;
  gboolean ok = mark_and_send (self, error);
  unlock_folders (self);
  return ok;
}

gboolean
mf_push_run (MfEngine *engine, MfLink *link, gboolean *out_sent, GError **error)
{
  g_auto (MfGroup) group = MF_GROUP_INIT;
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  Push self = { engine, engine->db, link, &group, mf_engine_settle (engine, news), { 0 }, { 0 } };
  GError *local = NULL;

  *out_sent = mf_group_next (engine->db, engine->drafts, &group, &local);
  gboolean ok = local == NULL && (!*out_sent || run_group (&self, &local));
  mf_news_send (news);
  mf_folder_clear (&self.home);
  mf_folder_clear (&self.target);
  if (!ok)
    g_propagate_error (error, local);
  return ok;
}
