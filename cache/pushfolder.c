#include "cache/pushfolder.h"

#include <string.h>

#include "cache/folders.h"
#include "cache/pending.h"

typedef struct
{
  MfEngine *engine;
  MfLink *link;
  const MfChange *change;
  MfSettle *settle;
  MfFolder folder;
  char *mailbox;          /* as it shall be spelt on the server */
  MfMailboxStatus status; /* after CREATE */
} FolderPush;

static gboolean
refuse (GError **error, MfRemoteError code, const char *why)
{
  g_set_error_literal (error, MF_REMOTE_ERROR, code, why);
  return FALSE;
}

/* The name on the wire follows from the parent's, as it is now: what was to become
 * of that before is answered. */
static char *
spell (FolderPush *self, GError **error)
{
  MfDb *db = self->settle->db;
  g_auto (MfFolder) parent = { 0 };
  g_autofree char *name = mf_utf7_encode (self->change->name);

  if (name == NULL || *name == '\0')
    {
      refuse (error, MF_REMOTE_ERROR_INVALID, "not a folder's name");
      return NULL;
    }
  if (self->change->parent == MF_FOLDER_ROOT)
    return g_steal_pointer (&name);
  if (mf_folders_get (db, self->change->parent, &parent, NULL) && parent.mailbox != NULL)
    return g_strdup_printf ("%s%c%s", parent.mailbox, mf_folders_delimiter (db), name);
  refuse (error, MF_REMOTE_ERROR_NOT_FOUND, "the folder above it is not on the server");
  return NULL;
}

static gboolean
ask_status (FolderPush *self, const char *mailbox, GError **error)
{
  return self->link->ops->status (self->link->remote, mailbox, &self->status,
                                  self->link->cancellable, error);
}

static gboolean
is_not_found (const GError *why)
{
  return g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND);
}

/* TRUE unless the link failed: subscriptions follow, that one is refused is no harm. */
static gboolean
subscribe (FolderPush *self, const char *mailbox, gboolean on, GError **error)
{
  GError *why = NULL;

  if (self->link->ops->subscribe (self->link->remote, mailbox, on, self->link->cancellable, &why))
    return TRUE;
  mf_link_check (self->link, why);
  if (!mf_link_is_open (self->link))
    {
      g_propagate_error (error, why);
      return FALSE;
    }
  g_error_free (why);
  return TRUE;
}

/* ---- the commands ----------------------------------------------------- */

/* What is there already is taken over, unless it is a folder that we know. */
static gboolean
create_folder (FolderPush *self, GError **error)
{
  g_auto (MfFolder) known = { 0 };
  GError *why = NULL;

  if (!self->link->ops->create (self->link->remote, self->mailbox, self->folder.special_use,
                                self->link->cancellable, &why))
    {
      if (!g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_EXISTS)
          || mf_folders_get_mailbox (self->settle->db, self->mailbox, &known, NULL))
        {
          g_propagate_error (error, why);
          return FALSE;
        }
      g_error_free (why);
    }
  return subscribe (self, self->mailbox, TRUE, error) && ask_status (self, self->mailbox, error);
}

typedef struct
{
  const FolderPush *push;
  gboolean has_old, has_new;
} Look;

/* A folder above others may be there for their sake alone. */
static gboolean
is_at_or_below (const MfRemoteFolder *listed, const char *mailbox)
{
  gsize length = strlen (mailbox);

  return strncmp (listed->mailbox, mailbox, length) == 0
         && (listed->mailbox[length] == '\0' || listed->mailbox[length] == listed->delimiter);
}

static void
look (const MfRemoteFolder *listed, gpointer user_data)
{
  Look *self = user_data;

  self->has_old |= is_at_or_below (listed, self->push->folder.mailbox);
  self->has_new |= is_at_or_below (listed, self->push->mailbox);
}

/* After a rename whose answer was lost: is the old name gone and the new one there? */
static gboolean
is_renamed (FolderPush *self)
{
  Look seen = { self, FALSE, FALSE };

  return self->link->ops->list (self->link->remote, FALSE, look, &seen, self->link->cancellable,
                                NULL)
         && !seen.has_old && seen.has_new;
}

/* (transfer full) (element-type utf8): the folder's mailbox and those below it, as they
 * were called, if they are subscribed. */
static GPtrArray *
find_subscribed (FolderPush *self, GError **error)
{
  MfDb *db = self->settle->db;
  char delimiter[2] = { mf_folders_delimiter (db), '\0' };
  g_autofree char *below = g_strconcat (self->folder.mailbox, delimiter, NULL);
  g_autoptr (GPtrArray) mailboxes = g_ptr_array_new_with_free_func (g_free);
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  if (!mf_db_query (db, &query, error,
                    "SELECT mailbox FROM folder WHERE subscribed"
                    " AND (mailbox = ?1 OR substr(mailbox, 1, length(?2)) = ?2)",
                    "ss", self->folder.mailbox, below))
    return NULL;
  while (mf_db_next (&query, &local))
    g_ptr_array_add (mailboxes, g_strdup (mf_db_text (&query, 0)));
  if (local == NULL)
    return g_steal_pointer (&mailboxes);
  g_propagate_error (error, local);
  return NULL;
}

static gboolean
move_subscriptions (FolderPush *self, GError **error)
{
  g_autoptr (GPtrArray) mailboxes = find_subscribed (self, error);
  gsize length = strlen (self->folder.mailbox);

  for (guint i = 0; mailboxes != NULL && i < mailboxes->len; i++)
    {
      const char *old = g_ptr_array_index (mailboxes, i);
      g_autofree char *new = g_strconcat (self->mailbox, old + length, NULL);
      if (!subscribe (self, old, FALSE, error) || !subscribe (self, new, TRUE, error))
        return FALSE;
    }
  return mailboxes != NULL;
}

static gboolean
rename_folder (FolderPush *self, GError **error)
{
  GError *why = NULL;

  if (self->folder.mailbox == NULL)
    return refuse (error, MF_REMOTE_ERROR_NOT_FOUND, "the folder is not on the server");
  if (g_strcmp0 (self->folder.mailbox, self->mailbox) == 0)
    return TRUE;
  if (!self->link->ops->rename (self->link->remote, self->folder.mailbox, self->mailbox,
                                self->link->cancellable, &why))
    {
      if (!is_not_found (why) || !is_renamed (self))
        {
          g_propagate_error (error, why);
          return FALSE;
        }
      g_error_free (why);
    }
  return move_subscriptions (self, error);
}

/* A mailbox that is open in this session would be another one under its name, or
 * none. */
static gboolean
leave_mailbox (FolderPush *self, GError **error)
{
  if (self->link->mailbox == NULL || g_strcmp0 (self->link->mailbox, "INBOX") == 0)
    return TRUE;
  return mf_link_select (self->link, "INBOX", TRUE, error);
}

/* But for what is held, and may be restored, and what a new text or a copy waits for that
 * has not arrived. */
static gboolean
drop_removed (FolderPush *self, MfUidSet *uids, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  if (!mf_db_query (self->settle->db, &query, error,
                    "SELECT uid FROM message WHERE home = ? AND place = 3 AND uid IS NOT NULL"
                    " AND NOT EXISTS (SELECT 1 FROM change WHERE change.message = message.id"
                    "                 AND (state = 2 OR EXISTS (SELECT 1 FROM message AS new"
                    "                      WHERE new.id = after AND new.home IS NULL)))"
                    " AND NOT EXISTS (SELECT 1 FROM change WHERE source = message.id AND kind = 2"
                    "                 AND state = 0)",
                    "i", self->folder.id))
    return FALSE;
  while (mf_db_next (&query, &local))
    mf_uidset_remove_range (uids, (guint32) mf_db_int (&query, 0), (guint32) mf_db_int (&query, 0));
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

/* Which they are counts, not how many: one may have gone, and another come. */
static gboolean
check_all_are_removed (FolderPush *self, GError **error)
{
  MfLink *link = self->link;
  g_autoptr (MfUidSet) there = mf_uidset_new ();

  if (!mf_link_select (link, self->folder.mailbox, TRUE, error)
      || !link->ops->uids (link->remote, there, link->cancellable, error)
      || (link->selected.uidvalidity == self->folder.uidvalidity
          && !drop_removed (self, there, error)))
    return FALSE;
  return mf_uidset_is_empty (there)
         || refuse (error, MF_REMOTE_ERROR_REFUSED, "the folder is not empty");
}

/* What was below it has not gone: its removal was refused. */
static gboolean
check_no_folder_below (FolderPush *self, GError **error)
{
  MfDb *db = self->settle->db;
  char delimiter[2] = { mf_folders_delimiter (db), '\0' };
  g_autofree char *below = g_strconcat (self->folder.mailbox, delimiter, NULL);
  gint64 found = 0;

  if (!mf_db_number (db, 0, &found, error,
                     "SELECT EXISTS (SELECT 1 FROM folder"
                     "               WHERE substr(mailbox, 1, length(?1)) = ?1)",
                     "s", below))
    return FALSE;
  return found == 0 || refuse (error, MF_REMOTE_ERROR_REFUSED, "there are folders in it");
}

/* Another client may have put something there: only what we have removed and the
 * server keeps as \Deleted may go with it. */
static gboolean
check_empty (FolderPush *self, GError **error)
{
  if (!check_no_folder_below (self, error))
    return FALSE;
  if (!self->folder.selectable)
    return TRUE;
  if (!ask_status (self, self->folder.mailbox, error))
    return FALSE;
  return self->status.messages == 0
         || (check_all_are_removed (self, error) && leave_mailbox (self, error));
}

static gboolean
delete_folder (FolderPush *self, GError **error)
{
  GError *why = NULL;

  if (self->folder.mailbox == NULL)
    return TRUE;
  if (check_empty (self, &why)
      && self->link->ops->delete (self->link->remote, self->folder.mailbox,
                                  self->link->cancellable, &why))
    return !self->folder.subscribed || subscribe (self, self->folder.mailbox, FALSE, error);
  if (!is_not_found (why))
    {
      g_propagate_error (error, why);
      return FALSE;
    }
  g_error_free (why);
  return TRUE;
}

static gboolean
subscribe_folder (FolderPush *self, GError **error)
{
  if (self->folder.mailbox == NULL)
    return refuse (error, MF_REMOTE_ERROR_NOT_FOUND, "the folder is not on the server");
  return self->link->ops->subscribe (self->link->remote, self->folder.mailbox,
                                     self->folder.subscribed, self->link->cancellable, error);
}

static gboolean
send (FolderPush *self, GError **error)
{
  switch (self->change->kind)
    {
    case MF_CHANGE_CREATE:
      return create_folder (self, error);
    case MF_CHANGE_DELETE:
      return leave_mailbox (self, error) && delete_folder (self, error);
    case MF_CHANGE_RENAME:
      return leave_mailbox (self, error) && rename_folder (self, error);
    default:
      return subscribe_folder (self, error);
    }
}

/* ---- answers ---------------------------------------------------------- */

/* Folders of that name, or below it, are of another time. */
static gboolean
clear_mailbox (FolderPush *self, GError **error)
{
  MfDb *db = self->settle->db;
  char delimiter[2] = { mf_folders_delimiter (db), '\0' };
  g_autofree char *below = g_strconcat (self->mailbox, delimiter, NULL);

  if (g_strcmp0 (self->folder.mailbox, self->mailbox) == 0)
    return TRUE;
  for (;;)
    {
      gint64 id = 0;
      if (!mf_db_number (db, 0, &id, error,
                         "SELECT id FROM folder WHERE id != ?1"
                         " AND (mailbox = ?2 OR substr(mailbox, 1, length(?3)) = ?3)"
                         " ORDER BY length(mailbox) DESC LIMIT 1",
                         "iss", self->folder.id, self->mailbox, below))
        return FALSE;
      if (id == 0)
        return TRUE;
      if (!mf_settle_folder_gone (self->settle, id, error))
        return FALSE;
    }
}

/* The index of an empty mailbox is complete. */
static gboolean
store_created (FolderPush *self, GError **error)
{
  MfDb *db = self->settle->db;
  g_auto (MfFolder) made = { 0 };
  gboolean empty = self->status.messages == 0;
  MfMailboxStatus synced = { .uidnext = empty ? self->status.uidnext : 0,
                             .highestmodseq = empty ? self->status.highestmodseq : 0 };

  return mf_folders_get (db, self->folder.id, &made, error)
         && mf_folders_set_validity (db, &made, self->status.uidvalidity, error)
         && mf_folders_set_synced (db, self->folder.id, &synced, error);
}

static gboolean
store (FolderPush *self, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  MfDb *db = self->settle->db;
  gboolean named = self->mailbox != NULL;

  return mf_db_begin (db, &txn, error)
         && (!named
             || (clear_mailbox (self, error)
                 && mf_folders_set_mailbox (db, &self->folder, self->mailbox, error)))
         && (self->change->kind != MF_CHANGE_CREATE || store_created (self, error))
         && (self->change->kind != MF_CHANGE_DELETE
             || mf_settle_folder_gone (self->settle, self->folder.id, error))
         && mf_settle_done (self->settle, self->change, error)
         && mf_pending_count_folder_change (db, error) && mf_db_commit (&txn, error);
}

/* The tree goes back to what the server has, unless more is to become of it. */
static gboolean
revert (FolderPush *self, GError **error)
{
  gint64 more = 0;

  if (self->folder.mailbox == NULL && self->change->kind == MF_CHANGE_CREATE)
    return mf_settle_folder_gone (self->settle, self->folder.id, error);
  if (self->folder.mailbox == NULL || self->change->kind == MF_CHANGE_SUBSCRIBE)
    return TRUE;
  if (!mf_db_number (self->settle->db, 0, &more, error,
                     "SELECT 1 FROM change WHERE folder = ? AND kind IN (6, 7) AND seq > ?"
                     " AND state != 3",
                     "ii", self->folder.id, self->change->seq))
    return FALSE;
  return more != 0 || mf_folders_revert (self->settle->db, &self->folder, error);
}

static void
tell_tree (FolderPush *self)
{
  g_auto (MfFolder) now = { 0 };

  mf_news_add (self->settle->news, MF_EVENT_TREE_CHANGED, self->folder.parent, NULL, NULL);
  if (mf_folders_get (self->settle->db, self->folder.id, &now, NULL))
    mf_news_add (self->settle->news, MF_EVENT_TREE_CHANGED, now.parent, NULL, NULL);
}

static gboolean
store_refusal (FolderPush *self, const GError *why, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_db_begin (self->settle->db, &txn, error) || !revert (self, error)
      || !mf_settle_refused (self->settle, self->change, why, error)
      || !mf_pending_count_folder_change (self->settle->db, error))
    return FALSE;
  tell_tree (self);
  return mf_db_commit (&txn, error);
}

static gboolean
queue_again (FolderPush *self, GError **error)
{
  return mf_pending_queue_again (self->settle->db, self->change, error);
}

/* A link that died leaves the entry SENT, a server that is busy is asked later. */
static gboolean
settle_failure (FolderPush *self, GError *why, GError **error)
{
  mf_link_check (self->link, why);
  if (!mf_link_is_open (self->link)
      || (g_error_matches (why, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY)
          && queue_again (self, NULL)))
    {
      g_propagate_error (error, why);
      return FALSE;
    }
  gboolean ok = store_refusal (self, why, error);
  if (ok)
    {
      mf_engine_pull_soon (self->engine, self->folder.id);
      mf_engine_tell_refused (self->engine, self->change->seq, why);
    }
  g_error_free (why);
  return ok;
}

static gboolean
run (FolderPush *self, GError **error)
{
  gboolean named
      = self->change->kind == MF_CHANGE_CREATE || self->change->kind == MF_CHANGE_RENAME;
  GError *why = NULL;

  if (named)
    self->mailbox = spell (self, &why);
  if ((named && self->mailbox == NULL) || !send (self, &why))
    return settle_failure (self, why, error);
  if (!store (self, error))
    return FALSE;
  if (self->change->kind == MF_CHANGE_CREATE && self->status.messages > 0)
    mf_engine_pull_soon (self->engine, self->folder.id);
  return TRUE;
}

gboolean
mf_push_folder (MfEngine *engine, MfLink *link, const MfChange *change, MfSettle *settle,
                GError **error)
{
  FolderPush self = { engine, link, change, settle, { 0 }, NULL, { 0 } };
  g_autoptr (GError) gone = NULL;

  if (!mf_folders_get (settle->db, change->folder, &self.folder, &gone))
    return mf_settle_done (settle, change, error);
  gboolean ok = run (&self, error);
  g_free (self.mailbox);
  mf_folder_clear (&self.folder);
  return ok;
}
