/* The changes of folders that cache.h promises.  A folder's row shows at once
 * what it shall be; its mailbox stays what the server calls it until that has
 * answered. */
#include <string.h>

#include "cache/account.h"
#include "cache/error.h"
#include "cache/folders.h"
#include "cache/journal.h"

/* What can be in a mailbox name of this server, and is not there yet. */
static gboolean
check_name (MfCache *self, MfFolderId parent, const char *name, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  g_autofree char *wire = mf_utf7_encode (name);

  if (wire == NULL || *name == '\0' || strchr (name, mf_folders_delimiter (self->front)) != NULL)
    return mf_error_refuse (error, MF_CACHE_ERROR_INVALID,
                            "the server cannot have a folder of this name");
  for (const char *p = name; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return mf_error_refuse (error, MF_CACHE_ERROR_INVALID,
                              "the server cannot have a folder of this name");
  if (mf_folders_is_inbox (parent, name)
      || mf_folders_get_child (self->front, parent, name, &folder, NULL))
    return mf_error_refuse (error, MF_CACHE_ERROR_EXISTS, "there is a folder of this name");
  return TRUE;
}

gboolean
mf_cache_make_folder (MfCache *self, MfFolderId parent, const char *name, MfFolderId *out_id,
                      GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  MfFolderId id = 0;

  if (!mf_account_begin (self, &txn, error) || !check_name (self, parent, name, error)
      || !mf_folders_insert_local (self->front, parent, name, &id, error)
      || !mf_journal_folder (self->front, MF_CHANGE_CREATE, id, parent, name, error)
      || !mf_account_commit (self, &txn, error))
    return FALSE;
  *out_id = id;
  return TRUE;
}

/* Nothing to be seen in it, and the server has said so. */
static gboolean
check_empty (MfCache *self, const MfFolder *folder, GError **error)
{
  gint64 content = 0;

  if (folder->selectable && !folder->known && folder->messages > 0)
    return mf_error_refuse (error, MF_CACHE_ERROR_NOT_EMPTY, "the folder has messages");
  if (!mf_db_number (self->front, 0, &content, error,
                     "SELECT EXISTS (SELECT 1 FROM message WHERE folder = ?1 AND place < 3)"
                     " OR EXISTS (SELECT 1 FROM folder WHERE parent = ?1)",
                     "i", folder->id))
    return FALSE;
  return content == 0 || mf_error_refuse (error, MF_CACHE_ERROR_NOT_EMPTY,
                                          "the folder is not empty");
}

static gboolean
remove_folder (MfCache *self, MfFolderId id, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  gboolean nothing = FALSE;

  if (!mf_folders_get (self->front, id, &folder, error) || !check_empty (self, &folder, error))
    return FALSE;
  if (id == MF_FOLDER_ROOT || g_strcmp0 (folder.mailbox, "INBOX") == 0)
    return mf_error_refuse (error, MF_CACHE_ERROR_DENIED, "INBOX cannot be removed");
  return mf_journal_remove_folder (self->front, id, &nothing, error)
         && (nothing ? mf_folders_remove (self->front, id, error)
                     : mf_folders_hide (self->front, &folder, error));
}

gboolean
mf_cache_remove_folder (MfCache *self, MfFolderId id, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  return mf_account_begin (self, &txn, error) && remove_folder (self, id, error)
         && mf_account_commit (self, &txn, error);
}

/* A folder cannot go into itself. */
static gboolean
check_no_loop (MfCache *self, MfFolderId id, MfFolderId parent, GError **error)
{
  while (parent != 0 && parent != MF_FOLDER_ROOT)
    {
      g_auto (MfFolder) above = { 0 };
      if (parent == id)
        return mf_error_refuse (error, MF_CACHE_ERROR_INVALID, "a folder cannot go into itself");
      if (!mf_folders_get (self->front, parent, &above, error))
        return FALSE;
      parent = above.parent;
    }
  return TRUE;
}

gboolean
mf_cache_rename_folder (MfCache *self, MfFolderId id, MfFolderId parent, const char *name,
                        MfFolderId replaced, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfFolder) folder = { 0 };

  if (!mf_account_begin (self, &txn, error) || !mf_folders_get (self->front, id, &folder, error)
      || (replaced != 0 && !remove_folder (self, replaced, error))
      || !check_name (self, parent, name, error) || !check_no_loop (self, id, parent, error))
    return FALSE;
  if (id == MF_FOLDER_ROOT || g_strcmp0 (folder.mailbox, "INBOX") == 0)
    return mf_error_refuse (error, MF_CACHE_ERROR_DENIED, "INBOX cannot be renamed");
  return mf_folders_move (self->front, &folder, parent, name, error)
         && mf_journal_folder (self->front, MF_CHANGE_RENAME, id, parent, name, error)
         && mf_account_commit (self, &txn, error);
}

gboolean
mf_cache_subscribe (MfCache *self, MfFolderId id, gboolean on, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  return mf_account_begin (self, &txn, error)
         && mf_db_run (self->front, error, "UPDATE folder SET subscribed = ? WHERE id = ?", "ii",
                       (gint64) on, id)
         && mf_journal_folder (self->front, MF_CHANGE_SUBSCRIBE, id, 0, NULL, error)
         && mf_account_commit (self, &txn, error);
}
