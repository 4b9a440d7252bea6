#include "cache/sending.h"

#include "cache/error.h"
#include "cache/folders.h"
#include "cache/renumber.h"
#include "cache/pending.h"

void
mf_sending_drop (MfSending *self, guint i)
{
  mf_group_drop (self->group, i);
  if (self->files != NULL)
    g_array_remove_index (self->files, i);
}

gboolean
mf_sending_learn_validity (MfSending *self, guint32 uidvalidity, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfFolder) now = { 0 };

  if (uidvalidity == 0 || uidvalidity == self->target.uidvalidity)
    return TRUE;
  if (!mf_db_begin (self->db, &txn, error))
    return FALSE;
  if (!mf_folders_get (self->db, self->target.id, &now, NULL)) /* gone meanwhile */
    return TRUE;
  if ((now.uidvalidity != uidvalidity
       && !mf_renumber_messages (&self->settle, &now, uidvalidity, error))
      || !mf_db_commit (&txn, error))
    return FALSE;
  self->target.uidvalidity = uidvalidity;
  return TRUE;
}

static gboolean
settle_one (MfSending *self, guint i, MfOutcome outcome, gpointer data, GError **error)
{
  g_auto (MfChange) now = { 0 };
  gboolean found = FALSE;

  return mf_pending_get (self->db, mf_sending_change (self, i)->seq, &now, &found, error)
         && (!found || outcome (self, i, &now, data, error));
}

static gboolean
settle_all (MfSending *self, MfOutcome outcome, gpointer data, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_db_begin (self->db, &txn, error))
    return FALSE;
  for (guint i = 0; i < self->group->changes->len; i++)
    if (!settle_one (self, i, outcome, data, error))
      return FALSE;
  return mf_db_commit (&txn, error);
}

gboolean
mf_sending_settle (MfSending *self, MfOutcome outcome, gpointer data, GError **error)
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
as_done (MfSending *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  return mf_settle_done (&self->settle, now, error);
}

static gboolean
as_missing (MfSending *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  return mf_settle_missing (&self->settle, now, error);
}

gboolean
mf_sending_settle_done (MfSending *self, GError **error)
{
  return mf_sending_settle (self, as_done, NULL, error);
}

gboolean
mf_sending_settle_missing (MfSending *self, GError **error)
{
  return mf_sending_settle (self, as_missing, NULL, error);
}

static gboolean
as_refused (MfSending *self, guint i, const MfChange *now, gpointer why, GError **error)
{
  return mf_settle_refused (&self->settle, now, why, error);
}

static gboolean
as_queued (MfSending *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  return mf_settle_again (&self->settle, now, error);
}

/* What a refused command has done in part is seen by looking. */
static void
look_again (MfSending *self)
{
  if (self->home.id != 0)
    {
      mf_folders_forget_modseq (self->db, self->home.id, NULL);
      mf_engine_pull_soon (self->engine, self->home.id);
    }
  if (self->target.id != 0)
    mf_engine_pull_soon (self->engine, self->target.id);
}

/* *@out 0: all are to be done in another way. */
static gboolean
find_given_up (MfSending *self, MfSeq *out, GError **error)
{
  *out = 0;
  for (guint i = 0; i < self->group->changes->len && *out == 0; i++)
    {
      g_auto (MfChange) now = { 0 };
      gboolean found = FALSE;

      if (!mf_pending_get (self->db, mf_sending_change (self, i)->seq, &now, &found, error))
        return FALSE;
      if (!found || now.state == MF_CHANGE_FAILED)
        *out = mf_sending_change (self, i)->seq;
    }
  return TRUE;
}

gboolean
mf_sending_settle_refused (MfSending *self, GError *why, GError **error)
{
  g_autoptr (GError) cause = why;
  MfSeq given_up = 0;

  if (self->group->changes->len == 0)
    return TRUE;
  if (!mf_sending_settle (self, as_refused, why, error)
      || !find_given_up (self, &given_up, error))
    return FALSE;
  look_again (self);
  if (given_up != 0)
    mf_engine_tell_refused (self->engine, given_up, why);
  return TRUE;
}

gboolean
mf_sending_look_for (MfSending *self, const MfFolder *folder, gboolean *out_known, GError **error)
{
  g_autoptr (GArray) stale = g_array_new (FALSE, FALSE, sizeof (MfFolderId));
  g_auto (MfFolder) now = { 0 };
  GError *why = NULL;

  if (!mf_engine_list_folders (self->engine, self->link, FALSE, stale, &why))
    {
      mf_link_check (self->link, why);
      g_propagate_error (error, why);
      return FALSE;
    }
  mf_engine_pull_later (self->engine, stale);
  *out_known = mf_folders_get (self->db, folder->id, &now, NULL)
               && g_strcmp0 (now.mailbox, folder->mailbox) != 0;
  return TRUE;
}

/* Nothing has been put into a mailbox that is not there. */
static gboolean
may_be_renamed (MfSending *self, const GError *why)
{
  return self->target.mailbox != NULL && mf_link_is_open (self->link)
         && g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND);
}

/* *@out_again: under the name that it has now. */
static gboolean
look_for_target (MfSending *self, const GError *why, gboolean *out_again, GError **error)
{
  *out_again = FALSE;
  return !may_be_renamed (self, why)
         || (mf_sending_look_for (self, &self->target, out_again, error)
             && (!*out_again || mf_sending_settle (self, as_queued, NULL, error)));
}

gboolean
mf_sending_settle_failed (MfSending *self, GError *why, GError **error)
{
  gboolean again = FALSE;

  mf_link_check (self->link, why);
  if (!look_for_target (self, why, &again, error) || again)
    {
      g_error_free (why);
      return again;
    }
  if (mf_link_is_open (self->link) && !mf_error_is_passing (why))
    return mf_sending_settle_refused (self, why, error);
  if (mf_link_is_open (self->link) && !mf_sending_settle (self, as_queued, NULL, error))
    {
      g_error_free (why);
      return FALSE;
    }
  g_propagate_error (error, why);
  return FALSE;
}
