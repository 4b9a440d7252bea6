#include "cache/push.h"

#include "cache/error.h"
#include "cache/folders.h"
#include "cache/group.h"
#include "cache/messages.h"
#include "cache/pull.h"
#include "cache/pushfolder.h"
#include "cache/settle.h"
#include "cache/upload.h"

/* Without UIDPLUS it cannot be told what the first half of a command cut in two has
 * done: so many UIDs fit into one line. */
#define MOST_UNTOLD 500

typedef struct
{
  MfEngine *engine;
  MfDb *db;
  MfLink *link;
  MfGroup *group;
  MfSettle settle;
  MfFolder home, target; /* zeroes when there is none */
  GArray *files;         /* (nullable) of MfUploadFile, of an upload */
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

/* It is not the group's any more. */
static void
drop (Push *self, guint i)
{
  mf_group_drop (self->group, i);
  if (self->files != NULL)
    g_array_remove_index (self->files, i);
}

static gboolean
has_cap (Push *self, MfCaps cap)
{
  return (self->link->ops->caps (self->link->remote) & cap) != 0;
}

/* ---- answers ---------------------------------------------------------- */

/* @now: the @i-th entry as it is now; it may have become another message's. */
typedef gboolean (*Outcome) (Push *self, guint i, const MfChange *now, gpointer data,
                             GError **error);

static gboolean
settle_one (Push *self, guint i, Outcome outcome, gpointer data, GError **error)
{
  g_auto (MfChange) now = { 0 };
  gboolean found = FALSE;

  return mf_journal_get (self->db, change_at (self, i)->seq, &now, &found, error)
         && (!found || outcome (self, i, &now, data, error));
}

static gboolean
settle_all (Push *self, Outcome outcome, gpointer data, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_db_begin (self->db, &txn, error))
    return FALSE;
  for (guint i = 0; i < self->group->changes->len; i++)
    if (!settle_one (self, i, outcome, data, error))
      return FALSE;
  return mf_db_commit (&txn, error);
}

/* Applies @outcome to each of the group, in one transaction, and tells. */
static gboolean
settle_each (Push *self, Outcome outcome, gpointer data, GError **error)
{
  if (settle_all (self, outcome, data, error))
    {
      mf_news_send (self->settle.news);
      return TRUE;
    }
  mf_news_forget (self->settle.news);
  return FALSE;
}

static gboolean
as_done (Push *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  return mf_settle_done (&self->settle, now, error);
}

static gboolean
as_expunged (Push *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  return mf_settle_expunged (&self->settle, now, error);
}

static gboolean
as_missing (Push *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  return mf_settle_missing (&self->settle, now, error);
}

static gboolean
as_refused (Push *self, guint i, const MfChange *now, gpointer why, GError **error)
{
  return mf_settle_refused (&self->settle, now, why, error);
}

static gboolean
as_queued (Push *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  return mf_journal_queue_again (self->db, now, error);
}

/* What a refused command has done in part is seen by looking. */
static void
look_again (Push *self)
{
  if (self->home.id != 0)
    {
      mf_folders_forget_modseq (self->db, self->home.id, NULL);
      mf_engine_pull_soon (self->engine, self->home.id);
    }
  if (self->target.id != 0)
    mf_engine_pull_soon (self->engine, self->target.id);
}

static gboolean
settle_refusal (Push *self, GError *why, GError **error)
{
  g_autoptr (GError) cause = why;

  if (self->group->changes->len == 0)
    return TRUE;
  if (!settle_each (self, as_refused, why, error))
    return FALSE;
  look_again (self);
  mf_engine_tell_refused (self->engine, change_at (self, 0)->seq, why);
  return TRUE;
}

/* The command has failed with @why.  A link that died leaves the entries as they
 * are: recover.h finds out.  A server that is busy is asked again later. */
static gboolean
settle_failure (Push *self, GError *why, GError **error)
{
  mf_link_check (self->link, why);
  if (mf_link_is_open (self->link) && !mf_error_is_passing (why))
    return settle_refusal (self, why, error);
  if (mf_link_is_open (self->link) && !settle_each (self, as_queued, NULL, error))
    {
      g_error_free (why);
      return FALSE;
    }
  g_propagate_error (error, why);
  return FALSE;
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
  gboolean uidplus = has_cap (self, MF_CAP_UIDPLUS);

  if (!store (self, uids, TRUE, MF_FLAG_DELETED, NULL, &why)
      || (uidplus
          && !self->link->ops->expunge (self->link->remote, uids, self->link->cancellable, &why)))
    return settle_failure (self, why, error);
  return settle_each (self, uidplus ? as_expunged : as_done, NULL, error);
}

/* ---- moves and copies ------------------------------------------------- */

typedef struct
{
  GHashTable *uids;  /* source -> target */
  gboolean told;     /* there was a COPYUID */
  gboolean partly;   /* only for those that it names */
  gboolean original; /* to be expunged after a copy */
} Arrival;

/* A UID of another UIDVALIDITY than the index knows is none. */
static void
arrival_init (Arrival *arrival, Push *self, const MfCopied *copied)
{
  gboolean valid = copied->uidvalidity == self->target.uidvalidity;

  arrival->uids = g_hash_table_new (NULL, NULL);
  arrival->told = copied->uidvalidity != 0 && valid;
  for (guint i = 0; copied->pairs != NULL && arrival->told && i < copied->pairs->len; i++)
    {
      MfUidPair *pair = &g_array_index (copied->pairs, MfUidPair, i);
      g_hash_table_insert (arrival->uids, GUINT_TO_POINTER (pair->source),
                           GUINT_TO_POINTER (pair->target));
    }
}

static guint32
arrival_uid (const Arrival *arrival, guint32 source)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (arrival->uids, GUINT_TO_POINTER (source)));
}

/* A UID that COPYUID leaves out was not there any more. */
static gboolean
as_arrived (Push *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  const Arrival *arrival = data;
  guint32 uid = arrival_uid (arrival, mf_group_uid (self->group, i));

  if (uid == 0 && arrival->partly)
    return TRUE;
  if (uid == 0 && arrival->told)
    return mf_settle_missing (&self->settle, now, error);
  return (arrival->original ? mf_settle_copied : mf_settle_arrived) (&self->settle, now,
                                                                     self->target.id, uid, error);
}

/* What a refused command has done all the same is settled; the rest is refused. */
static gboolean
settle_partly (Push *self, Arrival *arrival, GError *why, GError **error)
{
  arrival->partly = TRUE;
  if (!settle_each (self, as_arrived, arrival, error))
    {
      g_error_free (why);
      return FALSE;
    }
  for (guint i = self->group->changes->len; i-- > 0;)
    if (arrival_uid (arrival, mf_group_uid (self->group, i)) != 0)
      drop (self, i);
  return settle_failure (self, why, error);
}

static gboolean
push_transfer (Push *self, const MfUidSet *uids, gboolean move, GError **error)
{
  gboolean can = has_cap (self, MF_CAP_MOVE);
  Arrival arrival = { .original = move && !can };
  g_auto (MfCopied) copied = { 0 };
  GError *why = NULL;

  gboolean ok = (move && can ? self->link->ops->move : self->link->ops->copy) (
      self->link->remote, uids, self->target.mailbox, &copied, self->link->cancellable, &why);
  arrival_init (&arrival, self, &copied);
  ok = ok ? settle_each (self, as_arrived, &arrival, error)
          : settle_partly (self, &arrival, why, error);
  g_hash_table_unref (arrival.uids);
  return ok;
}

/* ---- uploads ---------------------------------------------------------- */

typedef struct
{
  GArray *uploads; /* of MfUpload */
  guint done;
  gboolean valid;  /* the UIDs are of the UIDVALIDITY that the index knows */
} Batch;

static const MfUpload *
upload_at (const Batch *batch, guint i)
{
  return &g_array_index (batch->uploads, MfUpload, i);
}

static gboolean
has_arrived (const Batch *batch, guint i)
{
  return i < batch->done || upload_at (batch, i)->out_uid != 0;
}

/* Its content becomes the cached body by and by (adopt.h). */
static gboolean
as_uploaded (Push *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  const Batch *batch = data;
  const MfUpload *upload = upload_at (batch, i);

  return !has_arrived (batch, i)
         || (mf_db_run (self->db, error, "UPDATE message SET wire_size = ? WHERE id = ?", "ii",
                        (gint64) upload->size, now->message)
             && mf_settle_arrived (&self->settle, now, self->target.id,
                                   batch->valid ? upload->out_uid : 0, error));
}

/* Of those behind a refusal it is not known which one was meant, and what the
 * server has done: recover.h finds out, then each is tried alone. */
static gboolean
settle_rest (Push *self, const Batch *batch, GError *why, GError **error)
{
  for (guint i = self->group->changes->len; i-- > 0;)
    if (has_arrived (batch, i))
      drop (self, i);
  guint n = self->group->changes->len;
  if (n <= 1 || mf_error_is_passing (why))
    return settle_failure (self, why, error);
  mf_link_check (self->link, why);
  g_error_free (why);
  self->engine->upload_alone = n;
  return TRUE;
}

static gboolean
push_append (Push *self, GError **error)
{
  g_autoptr (GArray) uploads = mf_upload_requests (self->files, self->group);
  Batch batch = { uploads, 0, FALSE };
  guint32 uidvalidity = 0;
  GError *why = NULL;
  gboolean ok = self->link->ops->append (self->link->remote, self->target.mailbox,
                                         (MfUpload *) (gpointer) uploads->data, uploads->len,
                                         &batch.done, &uidvalidity, self->link->cancellable, &why);

  if (ok)
    batch.done = uploads->len;
  batch.valid = uidvalidity == self->target.uidvalidity;
  if (!settle_each (self, as_uploaded, &batch, error))
    {
      g_clear_error (&why);
      return FALSE;
    }
  return ok || settle_rest (self, &batch, why, error);
}

/* ---- marking ---------------------------------------------------------- */

/* The row that tells where it is taken from. */
static gboolean
reread (Push *self, guint i, MfMessage *out)
{
  const MfChange *change = change_at (self, i);

  return mf_messages_get (self->db,
                          change->kind == MF_CHANGE_COPY ? change->source : change->message, out,
                          NULL);
}

/* Much may have happened since the group was made: what is sent must be what is
 * marked. */
static gboolean
is_current (Push *self, guint i)
{
  g_auto (MfMessage) now = { 0 };
  MfMessage *then = message_at (self, i);

  if (change_at (self, i)->message == 0)
    return TRUE;
  if (!reread (self, i, &now) || now.home != then->home || now.uid != then->uid)
    return FALSE;
  if (self->group->kind == MF_CHANGE_APPEND
      && (now.version != then->version || !now.draft
          || mf_drafts_is_held (self->engine->drafts, now.id)))
    return FALSE;
  mf_message_clear (then);
  *then = now;
  now = (MfMessage){ 0 };
  return TRUE;
}

/* *@out_ok FALSE: one of them cannot be sent, and is settled. */
static gboolean
open_files (Push *self, gboolean *out_ok, GError **error)
{
  g_autoptr (GError) why = NULL;
  guint bad = 0;

  *out_ok = TRUE;
  if (self->group->kind != MF_CHANGE_APPEND)
    return TRUE;
  self->files = mf_upload_open (self->engine->drafts, self->group, &bad, &why);
  if (self->files != NULL)
    return TRUE;
  *out_ok = FALSE;
  for (guint i = self->group->changes->len; i-- > 0;)
    if (i != bad)
      drop (self, i);
  /* Or it was written meanwhile. */
  return !is_current (self, 0) || settle_refusal (self, g_steal_pointer (&why), error);
}

/* Drops from the group what is not as it was. */
static gboolean
mark (Push *self, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_db_begin (self->db, &txn, error))
    return FALSE;
  for (guint i = self->group->changes->len; i-- > 0;)
    {
      const char *digest
          = self->files != NULL ? g_array_index (self->files, MfUploadFile, i).digest : NULL;
      gboolean marked = FALSE;
      if (is_current (self, i)
          && !mf_journal_mark_sent (self->db, change_at (self, i), self->target.uidnext, digest,
                                    &marked, error))
        return FALSE;
      if (!marked)
        drop (self, i);
    }
  return mf_db_commit (&txn, error);
}

static gboolean
send (Push *self, GError **error)
{
  g_autoptr (MfUidSet) uids = mf_group_uids (self->group);

  switch (self->group->kind)
    {
    case MF_CHANGE_FLAGS:
      return push_flags (self, uids, error);
    case MF_CHANGE_EXPUNGE:
      return push_expunge (self, uids, error);
    case MF_CHANGE_MOVE:
    case MF_CHANGE_COPY:
      return push_transfer (self, uids, self->group->kind == MF_CHANGE_MOVE, error);
    case MF_CHANGE_APPEND:
      return push_append (self, error);
    default:
      return mf_push_folder (self->engine, self->link, change_at (self, 0), &self->settle, error);
    }
}

static gboolean
mark_and_send (Push *self, GError **error)
{
  if (!mark (self, error))
    return FALSE;
  return self->group->changes->len == 0 || send (self, error);
}

/* ---- the folders ------------------------------------------------------ */

/* The index is of another mailbox: it is made anew, and the entries with it. */
static gboolean
pull_home (Push *self, GError **error)
{
  GError *why = NULL;

  if (mf_pull_folder (&self->settle, self->link, self->home.id, &why))
    return TRUE;
  mf_link_check (self->link, why);
  g_propagate_error (error, why);
  return FALSE;
}

static gboolean
settle_no_home (Push *self, GError *why, GError **error)
{
  if (!g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND))
    return settle_failure (self, why, error);
  mf_link_check (self->link, why);
  g_error_free (why);
  return settle_each (self, as_missing, NULL, error);
}

/* Never listed: what it is numbered by is noted, lest a first listing should take
 * what is put there now for a stranger's. */
static gboolean
note_validity (Push *self, guint32 uidvalidity, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (self->target.uidvalidity != 0)
    return TRUE;
  self->target.uidvalidity = uidvalidity;
  return mf_db_begin (self->db, &txn, error)
         && mf_folders_learn_validity (self->db, &self->target, uidvalidity, error)
         && mf_db_commit (&txn, error);
}

/* A UID that nothing has had which is there now, as near as is known. */
static gboolean
learn_uidnext (Push *self, GError **error)
{
  MfMailboxStatus status = { 0 };
  gint64 last = 0;

  if (self->target.id == 0)
    return TRUE;
  if (self->target.mailbox == NULL)
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND,
                           "the folder is not on the server");
      return FALSE;
    }
  if ((self->target.uidnext == 0 || self->target.uidvalidity == 0)
      && (!self->link->ops->status (self->link->remote, self->target.mailbox, &status,
                                    self->link->cancellable, error)
          || !note_validity (self, status.uidvalidity, error)))
    return FALSE;
  if (!mf_db_number (self->db, 0, &last, error, "SELECT MAX(uid) FROM message WHERE home = ?", "i",
                     self->target.id))
    return FALSE;
  self->target.uidnext
      = MAX (MAX (self->target.uidnext, status.uidnext), (guint32) last + 1);
  return TRUE;
}

static gboolean
prepare (Push *self, GError **error)
{
  GError *why = NULL;

  if (!learn_uidnext (self, &why))
    return settle_failure (self, why, error);
  if (self->home.id == 0)
    return mark_and_send (self, error);
  if (!mf_link_select (self->link, self->home.mailbox, FALSE, &why))
    return settle_no_home (self, why, error);
  if (self->link->selected.uidvalidity != self->home.uidvalidity)
    return pull_home (self, error);
  return mark_and_send (self, error);
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

/* ---- a group ---------------------------------------------------------- */

static void
limit (Push *self)
{
  MfEngine *engine = self->engine;
  MfGroup *group = self->group;

  if (group->kind == MF_CHANGE_APPEND && engine->upload_alone > 0)
    {
      engine->upload_alone--;
      mf_group_shorten (group, 1);
    }
  if ((group->kind == MF_CHANGE_MOVE || group->kind == MF_CHANGE_COPY)
      && !has_cap (self, MF_CAP_UIDPLUS))
    mf_group_shorten (group, MOST_UNTOLD);
}

static gboolean
find_folders (Push *self, GError **error)
{
  const MfGroup *group = self->group;
  gboolean of_messages = group->kind < MF_CHANGE_CREATE;

  return !of_messages
         || ((group->home == 0 || mf_folders_get (self->db, group->home, &self->home, error))
             && (group->target == 0
                 || mf_folders_get (self->db, group->target, &self->target, error)));
}

static gboolean
settle_gone (Push *self, GError *why, GError **error)
{
  if (g_error_matches (why, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND))
    return settle_refusal (self, why, error);
  g_propagate_error (error, why);
  return FALSE;
}

static gboolean
run_group (Push *self, GError **error)
{
  const MfGroup *group = self->group;
  gboolean ok = FALSE;
  GError *why = NULL;

  if (group->lost)
    return settle_each (self, as_missing, NULL, error);
  if (group->kind == MF_CHANGE_MOVE && group->home == group->target)
    return settle_each (self, as_done, NULL, error);
  limit (self);
  if (!find_folders (self, &why))
    return settle_gone (self, why, error);
  if (!open_files (self, &ok, error))
    return FALSE;
  if (!ok || !lock_folders (self))
    return TRUE;
  ok = prepare (self, error);
  unlock_folders (self);
  return ok;
}

gboolean
mf_push_run (MfEngine *engine, MfLink *link, gboolean *out_sent, GError **error)
{
  g_auto (MfGroup) group = MF_GROUP_INIT;
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  Push self = { engine, engine->db, link, &group, mf_engine_settle (engine, news), { 0 }, { 0 },
                NULL };
  GError *local = NULL;

  *out_sent = mf_group_next (engine->db, engine->drafts, &group, &local);
  gboolean ok = local == NULL && (!*out_sent || run_group (&self, &local));
  if (ok)
    mf_news_send (news);
  g_clear_pointer (&self.files, g_array_unref);
  mf_folder_clear (&self.home);
  mf_folder_clear (&self.target);
  if (!ok)
    g_propagate_error (error, local);
  return ok;
}
