#include "cache/push.h"

#include "cache/error.h"
#include "cache/folders.h"
#include "cache/keywords.h"
#include "cache/messages.h"
#include "cache/pending.h"
#include "cache/pull.h"
#include "cache/pushfolder.h"
#include "cache/sending.h"
#include "cache/transfer.h"
#include "cache/upload.h"

/* Without UIDPLUS it cannot be told what the first half of a command cut in two has
 * done: so many UIDs fit into one line. */
#define MOST_UNTOLD 500

static MfMessage *
message_at (MfSending *self, guint i)
{
  return &g_array_index (self->group->messages, MfMessage, i);
}

/* ---- flags and removals ----------------------------------------------- */

static gboolean
store (MfSending *self, const MfUidSet *uids, gboolean add, MfFlags flags, const char *keywords,
       GError **error)
{
  if (flags == 0 && keywords == NULL)
    return TRUE;
  return self->link->ops->store (self->link->remote, uids, add, flags, keywords, NULL, NULL,
                                 self->link->cancellable, error);
}

/* A mailbox that is read-only says so by itself. */
static MfFlags
fixed_flags (MfSending *self)
{
  return self->link->selected.read_only ? 0 : self->link->selected.fixed;
}

/* (transfer full) (nullable): likewise of @keywords. */
static char *
fixed_keywords (MfSending *self, const char *keywords)
{
  const MfMailboxStatus *selected = &self->link->selected;

  return selected->fixed_keywords && !selected->read_only
             ? mf_keywords_remove (keywords, self->link->ops->keywords (self->link->remote))
             : NULL;
}

/* Some servers say yes to a change that they do not make. */
static gboolean
may_change (MfSending *self, MfFlags flags, gboolean keywords, GError **error)
{
  if ((flags & fixed_flags (self)) == 0 && !keywords)
    return TRUE;
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_DENIED,
               "the server keeps flags in %s as they are", self->home.mailbox);
  return FALSE;
}

static gboolean
as_narrowed (MfSending *self, guint i, const MfChange *now, gpointer rest, GError **error)
{
  MfChange change = *(const MfChange *) rest;

  change.seq = now->seq;
  return mf_pending_set_flags (self->db, &change, error);
}

/* The server keeps @rest of the change as it is; all else is done. */
static gboolean
settle_fixed (MfSending *self, MfChange *rest, GError *why, GError **error)
{
  if (mf_sending_settle (self, as_narrowed, rest, error))
    return mf_sending_settle_failed (self, why, error);
  g_error_free (why);
  return FALSE;
}

/* What may be changed of several flags is changed all the same. */
static gboolean
push_flags (MfSending *self, const MfUidSet *uids, GError **error)
{
  const MfChange *first = mf_sending_change (self, 0);
  MfFlags fixed = fixed_flags (self);
  g_autofree char *more = fixed_keywords (self, first->add_keywords);
  g_autofree char *less = fixed_keywords (self, first->remove_keywords);
  g_autofree char *add = mf_keywords_remove (first->add_keywords, more);
  g_autofree char *remove = mf_keywords_remove (first->remove_keywords, less);
  MfChange rest = { .add_flags = first->add_flags & fixed, .remove_flags = first->remove_flags & fixed,
                    .add_keywords = more, .remove_keywords = less };
  GError *why = NULL;

  if (!store (self, uids, TRUE, first->add_flags & ~fixed, add, &why)
      || !store (self, uids, FALSE, first->remove_flags & ~fixed, remove, &why))
    return mf_sending_settle_failed (self, why, error);
  return may_change (self, rest.add_flags | rest.remove_flags, more != NULL || less != NULL, &why)
             ? mf_sending_settle_done (self, error)
             : settle_fixed (self, &rest, why, error);
}

static gboolean
store_labels (MfSending *self, const MfUidSet *uids, gboolean add, const char *labels, GError **error)
{
  return labels == NULL
         || self->link->ops->store_labels (self->link->remote, uids, add, labels,
                                           self->link->cancellable, error);
}

static gboolean
push_labels (MfSending *self, const MfUidSet *uids, GError **error)
{
  const MfChange *first = mf_sending_change (self, 0);
  GError *why = NULL;

  if (store_labels (self, uids, TRUE, first->add_keywords, &why)
      && store_labels (self, uids, FALSE, first->remove_keywords, &why))
    return mf_sending_settle_done (self, error);
  return mf_sending_settle_failed (self, why, error);
}

static gboolean
as_expunged (MfSending *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  return mf_settle_expunged (&self->settle, now, error);
}

/* What was not \Deleted before is not left so, for somebody else to expunge. */
static void
unmark (MfSending *self)
{
  g_autoptr (MfUidSet) ours = mf_uidset_new ();

  for (guint i = 0; i < self->group->messages->len; i++)
    if ((message_at (self, i)->flags & MF_FLAG_DELETED) == 0)
      mf_uidset_add (ours, mf_group_uid (self->group, i));
  if (!mf_uidset_is_empty (ours))
    store (self, ours, FALSE, MF_FLAG_DELETED, NULL, NULL);
}

static gboolean
mark_and_expunge (MfSending *self, const MfUidSet *uids, gboolean uidplus, GError **error)
{
  GError *why = NULL;

  if (!store (self, uids, TRUE, MF_FLAG_DELETED, NULL, error))
    return FALSE;
  if (!uidplus
      || self->link->ops->expunge (self->link->remote, uids, self->link->cancellable, &why))
    return TRUE;
  mf_link_check (self->link, why);
  if (mf_link_is_open (self->link) && !mf_error_is_passing (why))
    unmark (self);
  g_propagate_error (error, why);
  return FALSE;
}

/* Without UIDPLUS only a bare EXPUNGE would remove it, and with it what another
 * client has marked: it stays \Deleted there, and hidden here. */
static gboolean
push_expunge (MfSending *self, const MfUidSet *uids, GError **error)
{
  GError *why = NULL;
  gboolean uidplus = mf_sending_has_cap (self, MF_CAP_UIDPLUS);

  if (!may_change (self, MF_FLAG_DELETED, FALSE, &why)
      || !mark_and_expunge (self, uids, uidplus, &why))
    return mf_sending_settle_failed (self, why, error);
  return uidplus ? mf_sending_settle (self, as_expunged, NULL, error)
                 : mf_sending_settle_done (self, error);
}

/* What may not be marked \Deleted may not be moved away (RFC 6851 section 4). */
static gboolean
push_move (MfSending *self, const MfUidSet *uids, GError **error)
{
  GError *why = NULL;

  return may_change (self, MF_FLAG_DELETED, FALSE, &why)
             ? mf_transfer_send (self, uids, error)
             : mf_sending_settle_failed (self, why, error);
}

/* ---- marking ---------------------------------------------------------- */

/* The row that tells where it is taken from. */
static gboolean
reread (MfSending *self, guint i, MfMessage *out)
{
  const MfChange *change = mf_sending_change (self, i);

  return mf_messages_get (self->db,
                          change->kind == MF_CHANGE_COPY ? change->source : change->message, out,
                          NULL);
}

/* Much may have happened since the group was made: what is sent must be what is
 * marked. */
static gboolean
is_current (MfSending *self, guint i)
{
  g_auto (MfMessage) now = { 0 };
  MfMessage *then = message_at (self, i);

  if (mf_sending_change (self, i)->message == 0)
    return TRUE;
  if (mf_group_is_held (self->engine->drafts, mf_sending_change (self, i))
      || !reread (self, i, &now) || now.home != then->home || now.uid != then->uid)
    return FALSE;
  if (self->group->kind == MF_CHANGE_APPEND && (now.version != then->version || !now.draft))
    return FALSE;
  mf_message_clear (then);
  *then = now;
  now = (MfMessage){ 0 };
  return TRUE;
}

/* *@out_ok FALSE: one of them cannot be sent, and is settled. */
static gboolean
open_files (MfSending *self, gboolean *out_ok, GError **error)
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
      mf_sending_drop (self, i);
  /* Or it was written meanwhile. */
  return !is_current (self, 0) || mf_sending_settle_refused (self, g_steal_pointer (&why), error);
}

/* What an upload is told by later, whether its answer comes or not. */
static gboolean
note_size (MfSending *self, guint i, GError **error)
{
  return self->files == NULL
         || mf_db_run (self->db, error, "UPDATE message SET wire_size = ? WHERE id = ?", "ii",
                       (gint64) g_array_index (self->files, MfUploadFile, i).reader.wire_size,
                       mf_sending_change (self, i)->message);
}

/* Drops from the group what is not as it was. */
static gboolean
mark (MfSending *self, GError **error)
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
          && !mf_pending_mark_sent (self->db, mf_sending_change (self, i), self->target.uidnext, digest,
                                    &marked, error))
        return FALSE;
      if (!marked)
        mf_sending_drop (self, i);
      else if (!note_size (self, i, error))
        return FALSE;
    }
  return mf_db_commit (&txn, error);
}

static gboolean
send (MfSending *self, GError **error)
{
  g_autoptr (MfUidSet) uids = mf_group_uids (self->group);

  switch (self->group->kind)
    {
    case MF_CHANGE_FLAGS:
      return push_flags (self, uids, error);
    case MF_CHANGE_LABELS:
      return push_labels (self, uids, error);
    case MF_CHANGE_EXPUNGE:
      return push_expunge (self, uids, error);
    case MF_CHANGE_MOVE:
      return push_move (self, uids, error);
    case MF_CHANGE_COPY:
      return mf_transfer_send (self, uids, error);
    case MF_CHANGE_APPEND:
      return mf_upload_send (self, error);
    default:
      return mf_push_folder (self->engine, self->link, mf_sending_change (self, 0), &self->settle, error);
    }
}

static gboolean
mark_and_send (MfSending *self, GError **error)
{
  if (!mark (self, error))
    return FALSE;
  return self->group->changes->len == 0 || send (self, error);
}

/* ---- the folders ------------------------------------------------------ */

/* The index is of another mailbox: it is made anew, and the entries with it. */
static gboolean
pull_home (MfSending *self, GError **error)
{
  GError *why = NULL;

  if (mf_pull_folder (&self->settle, self->link, self->home.id, &why))
    return TRUE;
  mf_link_check (self->link, why);
  g_propagate_error (error, why);
  return FALSE;
}

/* Nothing was sent, and what has become something else while the server was asked has
 * not failed. */
static gboolean
settle_unsent (MfSending *self, GError *why, GError **error)
{
  mf_link_check (self->link, why);
  if (!mf_link_is_open (self->link) || mark (self, error))
    return mf_sending_settle_failed (self, why, error);
  g_error_free (why);
  return FALSE;
}

static gboolean
settle_no_home (MfSending *self, GError *why, GError **error)
{
  gboolean known = FALSE;

  if (!g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND))
    return settle_unsent (self, why, error);
  mf_link_check (self->link, why);
  g_error_free (why);
  if (!mf_sending_look_for (self, &self->home, &known, error) || known)
    return known;
  return mark (self, error) && mf_sending_settle_missing (self, error);
}

/* Never listed: what it is numbered by is noted, lest a first listing should take
 * what is put there now for a stranger's. */
static gboolean
note_validity (MfSending *self, guint32 uidvalidity, GError **error)
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
learn_uidnext (MfSending *self, GError **error)
{
  MfMailboxStatus status = { 0 };
  guint32 last = 0;

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
  if (!mf_messages_last_uid (self->db, self->target.id, &last, error))
    return FALSE;
  self->target.uidnext = MAX (MAX (self->target.uidnext, status.uidnext), last + 1);
  return TRUE;
}

static guint32
last_uid (const MfGroup *group)
{
  guint32 last = 0;

  for (guint i = 0; i < group->messages->len; i++)
    last = MAX (last, mf_group_uid (group, i));
  return last;
}

static gboolean
prepare (MfSending *self, GError **error)
{
  GError *why = NULL;

  if (!learn_uidnext (self, &why))
    return settle_unsent (self, why, error);
  if (self->home.id == 0)
    return mark_and_send (self, error);
  if (!mf_link_select_for (self->link, self->home.mailbox, last_uid (self->group), &why))
    return settle_no_home (self, why, error);
  if (self->link->selected.uidvalidity != self->home.uidvalidity)
    return pull_home (self, error);
  return mark_and_send (self, error);
}

/* Nobody pulls the folders of the group while the answer is not stored: what
 * arrives there is ours, and what is missing there too. */
static gboolean
lock_folders (MfSending *self)
{
  MfFolderId home = self->group->home, target = self->group->target;

  if (home != 0 && !mf_engine_wait_pull (self->engine, home))
    return FALSE;
  if (target == 0 || target == home || mf_engine_wait_pull (self->engine, target))
    return TRUE;
  if (home != 0)
    mf_engine_release_pull (self->engine, home);
  return FALSE;
}

static void
unlock_folders (MfSending *self)
{
  MfFolderId home = self->group->home, target = self->group->target;

  if (home != 0)
    mf_engine_release_pull (self->engine, home);
  if (target != 0 && target != home)
    mf_engine_release_pull (self->engine, target);
}

/* ---- a group ---------------------------------------------------------- */

static void
limit (MfSending *self)
{
  MfEngine *engine = self->engine;
  MfGroup *group = self->group;

  if (group->kind == MF_CHANGE_APPEND && engine->upload_alone > 0)
    {
      engine->upload_alone--;
      mf_group_shorten (group, 1);
    }
  if ((group->kind == MF_CHANGE_MOVE || group->kind == MF_CHANGE_COPY)
      && !mf_sending_has_cap (self, MF_CAP_UIDPLUS))
    mf_group_shorten (group, MOST_UNTOLD);
}

static gboolean
find_folders (MfSending *self, GError **error)
{
  const MfGroup *group = self->group;

  return (group->home == 0 || mf_folders_get (self->db, group->home, &self->home, error))
         && (group->target == 0
             || mf_folders_get (self->db, group->target, &self->target, error));
}

static gboolean
settle_gone (MfSending *self, GError *why, GError **error)
{
  if (!g_error_matches (why, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, why);
      return FALSE;
    }
  if (mark (self, error))
    return mf_sending_settle_refused (self, why, error);
  g_error_free (why);
  return FALSE;
}

/* A pull that was waited for may have found their mailboxes made anew. */
static gboolean
run_locked (MfSending *self, GError **error)
{
  GError *why = NULL;

  return find_folders (self, &why) ? prepare (self, error) : settle_gone (self, why, error);
}

/* Unless it is a copy of nothing any more, but a text of its own. */
static gboolean
as_lost (MfSending *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  return now->kind != self->group->kind || mf_settle_missing (&self->settle, now, error);
}

static gboolean
run_group (MfSending *self, GError **error)
{
  const MfGroup *group = self->group;
  gboolean ok = FALSE;

  if (mf_sending_change (self, 0)->message == 0)
    return mark_and_send (self, error);
  if (group->lost)
    return mf_sending_settle (self, as_lost, NULL, error);
  if (group->kind == MF_CHANGE_MOVE && group->home == group->target)
    return mark (self, error) && mf_sending_settle_done (self, error);
  limit (self);
  if (!open_files (self, &ok, error))
    return FALSE;
  if (!ok || !lock_folders (self))
    return TRUE;
  ok = run_locked (self, error);
  unlock_folders (self);
  return ok;
}

gboolean
mf_push_run (MfEngine *engine, MfLink *link, gboolean *out_sent, GError **error)
{
  g_auto (MfGroup) group = MF_GROUP_INIT;
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  MfSending self = { engine, engine->db, link, &group, mf_engine_settle (engine, news), { 0 }, { 0 },
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
