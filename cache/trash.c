#include "cache/trash.h"

#include "cache/folders.h"
#include "cache/journal.h"

#define NAME "Trash"

/* *@out 0: there is none. */
static gboolean
find (MfDb *db, MfFolderId *out, GError **error)
{
  return mf_db_number (db, 0, out, error,
                       "SELECT id FROM folder WHERE selectable AND parent != 0 AND (special_use = ?1"
                       " OR (name = ?2 AND (parent = ?3 OR parent ="
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

gboolean
mf_trash_get (MfDb *db, MfFolderId *out, gboolean *out_made, GError **error)
{
  if (!find (db, out, error))
    return FALSE;
  *out_made = *out == 0;
  return !*out_made || make (db, out, error);
}
