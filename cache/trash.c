#include "cache/trash.h"

#include "cache/folders.h"
#include "cache/journal.h"

#define NAME "Trash"

/* *@out 0: there is none in the index. */
static gboolean
find (MfDb *db, MfFolderId *out, GError **error)
{
  return mf_db_number (db, 0, out, error,
                       "SELECT id FROM folder WHERE selectable AND parent != 0 AND (special_use = ?1"
                       " OR (NOT EXISTS (SELECT 1 FROM meta WHERE key = 'trash')"
                       "     AND name = ?2 AND (parent = ?3 OR parent ="
                       "     (SELECT id FROM folder WHERE parent = ?3 AND name = 'INBOX'))))"
                       " ORDER BY special_use = ?1 DESC, parent, id LIMIT 1",
                       "isi", (gint64) MF_USE_TRASH, NAME, MF_FOLDER_ROOT);
}

gboolean
mf_trash_is (MfDb *db, MfFolderId folder, gboolean *out, GError **error)
{
  MfFolderId trash = 0;

  if (!find (db, &trash, error))
    return FALSE;
  *out = trash == folder;
  return TRUE;
}

static gboolean
make (MfDb *db, MfFolderId *out, GError **error)
{
  return mf_folders_insert_local (db, MF_FOLDER_ROOT, NAME, out, error)
         && mf_db_run (db, error, "UPDATE folder SET special_use = ? WHERE id = ?", "ii",
                       (gint64) MF_USE_TRASH, *out)
         && mf_journal_folder (db, MF_CHANGE_CREATE, *out, MF_FOLDER_ROOT, NAME, error);
}

/* (transfer full) (nullable) */
static char *
get_left_out (MfDb *db)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (!mf_db_query (db, &query, NULL, "SELECT value FROM meta WHERE key = 'trash'", "")
      || !mf_db_next (&query, NULL))
    return NULL;
  return g_strdup (mf_db_text (&query, 0));
}

gboolean
mf_trash_set_left_out (MfDb *db, const char *mailbox, GError **error)
{
  if (mailbox == NULL)
    return mf_db_run (db, error, "DELETE FROM meta WHERE key = 'trash'", "");
  return mf_db_run (db, error, "INSERT OR REPLACE INTO meta VALUES ('trash', ?)", "s", mailbox);
}

gboolean
mf_trash_get (MfDb *db, MfFolderId *out, MfFolderId *out_changed, GError **error)
{
  g_autofree char *left_out = get_left_out (db);
  MfRemoteFolder listed = { .mailbox = left_out, .delimiter = mf_folders_delimiter (db),
                            .selectable = TRUE, .special_use = MF_USE_TRASH };

  *out_changed = 0;
  if (!find (db, out, error))
    return FALSE;
  if (*out != 0)
    return TRUE;
  if (left_out != NULL)
    return mf_folders_put (db, &listed, out, out_changed, error);
  *out_changed = MF_FOLDER_ROOT;
  return make (db, out, error);
}
