#include "cache/pushfolder.h"

#include "cache/folders.h"

typedef struct
{
  MfEngine *engine;
  MfLink *link;
  const MfChange *change;
  MfFolder folder;
  char *mailbox; /* as it shall be spelt on the server */
} FolderPush;

/* The name on the wire follows from the parent's and the own. */
static char *
spell (MfDb *db, const MfFolder *folder, GError **error)
{
  g_auto (MfFolder) parent = { 0 };
  g_autofree char *name = mf_utf7_encode (folder->name);

  if (name == NULL || *name == '\0')
    {
      g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_INVALID, "not a folder's name");
      return NULL;
    }
  if (folder->parent == MF_FOLDER_ROOT)
    return g_steal_pointer (&name);
  if (!mf_folders_get (db, folder->parent, &parent, error))
    return NULL;
  return g_strdup_printf ("%s%c%s", parent.mailbox, mf_folders_delimiter (db), name);
}

static gboolean
is_so_already (const FolderPush *self, const GError *why)
{
  switch (self->change->kind)
    {
    case MF_CHANGE_CREATE:
      return g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_EXISTS);
    case MF_CHANGE_DELETE:
      return g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND);
    default:
      return FALSE;
    }
}

/* Subscriptions follow; that one fails is no harm. */
static void
subscribe (FolderPush *self, const char *mailbox, gboolean on)
{
  self->link->ops->subscribe (self->link->remote, mailbox, on, self->link->cancellable, NULL);
}

/* After a rename whose answer was lost: is the old name gone and the new one there? */
static gboolean
is_renamed (FolderPush *self)
{
  MfMailboxStatus status = { 0 };
  g_autoptr (GError) why = NULL;

  if (self->link->ops->status (self->link->remote, self->folder.mailbox, &status,
                               self->link->cancellable, &why)
      || !g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND))
    return FALSE;
  return self->link->ops->status (self->link->remote, self->mailbox, &status,
                                  self->link->cancellable, NULL);
}

static gboolean
rename_folder (FolderPush *self, GError **error)
{
  GCancellable *cancellable = self->link->cancellable;
  g_autoptr (GError) why = NULL;

  if (g_strcmp0 (self->folder.mailbox, self->mailbox) == 0)
    return TRUE;
  if (!self->link->ops->rename (self->link->remote, self->folder.mailbox, self->mailbox,
                                cancellable, &why)
      && (g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE) || !is_renamed (self)))
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
  if (self->folder.subscribed)
    {
      subscribe (self, self->folder.mailbox, FALSE);
      subscribe (self, self->mailbox, TRUE);
    }
  return TRUE;
}

static gboolean
send (FolderPush *self, GError **error)
{
  MfRemote *remote = self->link->remote;
  GCancellable *cancellable = self->link->cancellable;

  switch (self->change->kind)
    {
    case MF_CHANGE_CREATE:
      return self->link->ops->create (remote, self->mailbox, cancellable, error);
    case MF_CHANGE_DELETE:
      return self->link->ops->delete (remote, self->folder.mailbox, cancellable, error);
    case MF_CHANGE_RENAME:
      return rename_folder (self, error);
    default:
      return self->link->ops->subscribe (remote, self->folder.mailbox, self->folder.subscribed,
                                         cancellable, error);
    }
}

static gboolean
store (FolderPush *self, MfSettle *settle, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  MfDb *db = settle->db;
  gboolean ok = mf_db_begin (db, &txn, error);

  if (ok && (self->change->kind == MF_CHANGE_CREATE || self->change->kind == MF_CHANGE_RENAME))
    ok = mf_folders_set_mailbox (db, &self->folder, self->mailbox, error);
  if (ok && self->change->kind == MF_CHANGE_DELETE)
    ok = mf_settle_folder_gone (settle, self->folder.id, error);
  return ok && mf_settle_done (settle, self->change, error)
         && mf_journal_count_folder_change (db, error) && mf_db_commit (&txn, error);
}

/* The tree goes back to what the server has. */
static gboolean
store_refusal (FolderPush *self, MfSettle *settle, const GError *why, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_db_begin (settle->db, &txn, error)
      || !mf_folders_revert (settle->db, &self->folder, error)
      || !mf_settle_refused (settle, self->change, why, error))
    return FALSE;
  mf_news_add (settle->news, MF_EVENT_TREE_CHANGED, self->folder.parent, NULL, NULL);
  return mf_db_commit (&txn, error);
}

static gboolean
run (FolderPush *self, MfSettle *settle, GError **error)
{
  g_autoptr (GError) why = NULL;

  if (self->change->kind == MF_CHANGE_CREATE || self->change->kind == MF_CHANGE_RENAME)
    self->mailbox = spell (settle->db, &self->folder, &why);
  if (why == NULL && send (self, &why) && self->change->kind == MF_CHANGE_CREATE)
    subscribe (self, self->mailbox, TRUE);
  if (why == NULL || is_so_already (self, why))
    return store (self, settle, error);
  mf_link_check (self->link, why);
  if (!mf_link_is_open (self->link)
      || g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY))
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
  gboolean ok = store_refusal (self, settle, why, error);
  if (ok)
    mf_engine_tell_refused (self->engine, self->change->seq, why);
  return ok;
}

gboolean
mf_push_folder (MfEngine *engine, MfLink *link, const MfChange *change, MfSettle *settle,
                GError **error)
{
  FolderPush self = { engine, link, change, { 0 }, NULL };
  g_autoptr (GError) gone = NULL;

  if (!mf_folders_get (settle->db, change->folder, &self.folder, &gone))
    return mf_settle_done (settle, change, error);
  gboolean ok = run (&self, settle, error);
  g_free (self.mailbox);
  mf_folder_clear (&self.folder);
  return ok;
}
