#include "cache/folders.h"

#include <string.h>

#define COLUMNS                                                                                   \
  "id, parent, name, mailbox, selectable, subscribed, special_use, uidvalidity, uidnext,"         \
  " messages, unseen, highestmodseq, known, tag, cur_changed_ns, new_changed_ns, tmp_changed_ns," \
  " tree_changed_ns, renumbered"

void
mf_folder_clear (MfFolder *folder)
{
  g_clear_pointer (&folder->name, g_free);
  g_clear_pointer (&folder->mailbox, g_free);
  g_clear_pointer (&folder->tag, g_free);
}

void
mf_folder_free (MfFolder *folder)
{
  mf_folder_clear (folder);
  g_free (folder);
}

static void
read_row (MfDbQuery *query, MfFolder *out)
{
  *out = (MfFolder){
    .id = mf_db_int (query, 0),
    .parent = mf_db_int (query, 1),
    .name = g_strdup (mf_db_text (query, 2)),
    .mailbox = g_strdup (mf_db_text (query, 3)),
    .selectable = mf_db_int (query, 4) != 0,
    .subscribed = mf_db_int (query, 5) != 0,
    .special_use = (MfSpecialUse) mf_db_int (query, 6),
    .uidvalidity = (guint32) mf_db_int (query, 7),
    .uidnext = (guint32) mf_db_int (query, 8),
    .messages = (guint32) mf_db_int (query, 9),
    .unseen = (guint32) mf_db_int (query, 10),
    .highestmodseq = (guint64) mf_db_int (query, 11),
    .known = mf_db_int (query, 12) != 0,
    .tag = g_strdup (mf_db_text (query, 13)),
    .changed_ns = { mf_db_int (query, 14), mf_db_int (query, 15), mf_db_int (query, 16) },
    .tree_changed_ns = mf_db_int (query, 17),
    .renumbered = mf_db_int (query, 18) != 0,
  };
}

/* Consumes @query's first row. */
static gboolean
read_one (MfDbQuery *query, MfFolder *out, GError **error)
{
  GError *local = NULL;

  if (mf_db_next (query, &local))
    {
      read_row (query, out);
      return TRUE;
    }
  if (local == NULL)
    local = g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "no such folder");
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
mf_folders_get (MfDb *db, MfFolderId id, MfFolder *out, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  return mf_db_query (db, &query, error, "SELECT " COLUMNS " FROM folder WHERE id = ?", "i", id)
         && read_one (&query, out, error);
}

gboolean
mf_folders_get_child (MfDb *db, MfFolderId parent, const char *name, MfFolder *out, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  return mf_db_query (db, &query, error,
                      "SELECT " COLUMNS " FROM folder WHERE parent = ? AND name = ?", "is", parent,
                      name)
         && read_one (&query, out, error);
}

gboolean
mf_folders_get_mailbox (MfDb *db, const char *mailbox, MfFolder *out, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  return mf_db_query (db, &query, error, "SELECT " COLUMNS " FROM folder WHERE mailbox = ?", "s",
                      mailbox)
         && read_one (&query, out, error);
}

gboolean
mf_folders_find_use (MfDb *db, MfSpecialUse use, MfFolder *out, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  return mf_db_query (db, &query, error,
                      "SELECT " COLUMNS " FROM folder WHERE special_use = ? AND selectable"
                      " ORDER BY id LIMIT 1",
                      "i", (gint64) use)
         && read_one (&query, out, error);
}

static GPtrArray *
read_all (MfDbQuery *query, GError **error)
{
  g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func ((GDestroyNotify) mf_folder_free);
  GError *local = NULL;

  while (mf_db_next (query, &local))
    {
      MfFolder *folder = g_new0 (MfFolder, 1);
      read_row (query, folder);
      g_ptr_array_add (folders, folder);
    }
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }
  return g_steal_pointer (&folders);
}

GPtrArray *
mf_folders_children (MfDb *db, MfFolderId parent, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (!mf_db_query (db, &query, error,
                    "SELECT " COLUMNS " FROM folder WHERE parent = ? ORDER BY id", "i", parent))
    return NULL;
  return read_all (&query, error);
}

GPtrArray *
mf_folders_all (MfDb *db, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (!mf_db_query (db, &query, error, "SELECT " COLUMNS " FROM folder ORDER BY id", ""))
    return NULL;
  return read_all (&query, error);
}

/* ---- making rows ------------------------------------------------------ */

static gint64
now_ns (void)
{
  return g_get_real_time () * 1000;
}

/* The same for every mount of the account, so that generated names are; @salt
 * is 0 unless another folder happens to have that tag. */
static char *
make_tag (const char *mailbox, guint32 uidvalidity, guint salt)
{
  g_autofree char *text = g_strdup_printf ("%s\n%u\n%u", mailbox, uidvalidity, salt);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  return g_strndup (sum, 12);
}

static char *
decode_component (const char *wire)
{
  char *name = mf_utf7_decode (wire);

  return name != NULL ? name : g_strdup (wire);
}

gboolean
mf_folders_is_inbox (MfFolderId parent, const char *component)
{
  return parent == MF_FOLDER_ROOT && g_ascii_strcasecmp (component, "INBOX") == 0;
}

/* A sibling may decode to the same name (one of them is misspelt on the
 * server): the later one gets a tail that no decoding makes. */
static gboolean
insert_row (MfDb *db, MfFolderId parent, const char *component, const char *mailbox,
            MfFolderId *out_id, GError **error)
{
  g_autofree char *name
      = mf_folders_is_inbox (parent, component) ? g_strdup ("INBOX") : decode_component (component);
  gint64 taken = 0;

  if (!mf_db_number (db, 0, &taken, error, "SELECT id FROM folder WHERE parent = ? AND name = ?",
                     "is", parent, name))
    return FALSE;
  if (taken != 0)
    {
      g_autofree char *clash = g_steal_pointer (&name);
      name = g_strconcat (clash, "\x7f", component, NULL);
    }
  if (!mf_db_run (db, error,
                  "INSERT INTO folder (parent, name, mailbox, cur_changed_ns, new_changed_ns,"
                  " tmp_changed_ns, tree_changed_ns) VALUES (?1, ?2, ?3, ?4, ?4, ?4, ?4)",
                  "issi", parent, name, mailbox, now_ns ()))
    return FALSE;
  *out_id = mf_db_last_id (db);
  return mf_folders_touch_tree (db, parent, error);
}

static gboolean
find_or_insert (MfDb *db, MfFolderId parent, const char *component, const char *mailbox,
                MfFolderId *out_id, MfFolderId *out_changed, GError **error)
{
  gint64 id = 0;
  gboolean ok = mf_folders_is_inbox (parent, component)
                    ? mf_db_number (db, 0, &id, error,
                                    "SELECT id FROM folder WHERE parent = ? AND name = 'INBOX'",
                                    "i", parent)
                    : mf_db_number (db, 0, &id, error, "SELECT id FROM folder WHERE mailbox = ?",
                                    "s", mailbox);

  if (!ok)
    return FALSE;
  *out_id = id;
  if (id != 0)
    return TRUE;
  if (*out_changed == 0)
    *out_changed = parent;
  return insert_row (db, parent, component, mailbox, out_id, error);
}

/* Walks "a/b/c" from the root: a, a/b, a/b/c. */
static gboolean
put_path (MfDb *db, const MfRemoteFolder *listed, MfFolderId *out_id, MfFolderId *out_changed,
          GError **error)
{
  const char *start = listed->mailbox;
  MfFolderId parent = MF_FOLDER_ROOT;

  for (;;)
    {
      const char *end = listed->delimiter != 0 ? strchr (start, listed->delimiter) : NULL;
      if (end == NULL)
        return find_or_insert (db, parent, start, listed->mailbox, out_id, out_changed, error);

      g_autofree char *component = g_strndup (start, (gsize) (end - start));
      g_autofree char *path = g_strndup (listed->mailbox, (gsize) (end - listed->mailbox));
      if (!find_or_insert (db, parent, component, path, &parent, out_changed, error))
        return FALSE;
      start = end + 1;
    }
}

static gboolean
update_row (MfDb *db, const MfRemoteFolder *listed, MfFolderId id, MfFolderId *out_changed,
            GError **error)
{
  gint64 selectable = 0;

  if (!mf_db_number (db, 0, &selectable, error, "SELECT selectable FROM folder WHERE id = ?", "i",
                     id))
    return FALSE;
  if ((selectable != 0) != listed->selectable && *out_changed == 0)
    {
      *out_changed = id;
      if (!mf_folders_touch_tree (db, id, error))
        return FALSE;
    }
  return mf_db_run (db, error,
                    "UPDATE folder SET selectable = ?2, subscribed = ?3, special_use = ?4"
                    " WHERE id = ?1 AND (selectable, subscribed, special_use) != (?2, ?3, ?4)",
                    "iiii", id, (gint64) listed->selectable, (gint64) listed->subscribed,
                    (gint64) listed->special_use);
}

gboolean
mf_folders_put (MfDb *db, const MfRemoteFolder *listed, MfFolderId *out_id,
                MfFolderId *out_changed, GError **error)
{
  *out_changed = 0;
  if (!put_path (db, listed, out_id, out_changed, error)
      || !update_row (db, listed, *out_id, out_changed, error))
    return FALSE;
  if (listed->status == NULL)
    return TRUE;
  return mf_db_run (db, error,
                    "UPDATE folder SET messages = ?, unseen = ? WHERE id = ? AND NOT known", "iii",
                    (gint64) listed->status->messages, (gint64) listed->status->unseen, *out_id);
}

gboolean
mf_folders_remove (MfDb *db, MfFolderId id, GError **error)
{
  gint64 parent = 0;

  return mf_db_number (db, 0, &parent, error, "SELECT parent FROM folder WHERE id = ?", "i", id)
         && mf_db_run (db, error,
                       "DELETE FROM body WHERE message IN (SELECT id FROM message WHERE folder = ?)",
                       "i", id)
         && mf_db_run (db, error, "DELETE FROM message WHERE folder = ?", "i", id)
         && mf_db_run (db, error, "DELETE FROM folder WHERE id = ?", "i", id)
         && mf_folders_touch_tree (db, parent, error);
}

/* ---- state ------------------------------------------------------------ */

gboolean
mf_folders_set_synced (MfDb *db, MfFolderId id, const MfMailboxStatus *status, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE folder SET uidnext = ?, highestmodseq = ?, known = 1, renumbered = 0"
                    " WHERE id = ?",
                    "iii", (gint64) status->uidnext, (gint64) status->highestmodseq, id);
}

gboolean
mf_folders_set_uidnext (MfDb *db, MfFolderId id, guint32 uidnext, GError **error)
{
  return mf_db_run (db, error, "UPDATE folder SET uidnext = ? WHERE id = ?", "ii",
                    (gint64) uidnext, id);
}

gboolean
mf_folders_set_modseq (MfDb *db, MfFolderId id, guint64 highestmodseq, GError **error)
{
  return mf_db_run (db, error, "UPDATE folder SET highestmodseq = ? WHERE id = ?", "ii",
                    (gint64) highestmodseq, id);
}

/* But not that changes are numbered. */
gboolean
mf_folders_forget_modseq (MfDb *db, MfFolderId id, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE folder SET highestmodseq = MIN(highestmodseq, 1) WHERE id = ?", "i", id);
}

/* Another folder's, or in names that messages of the folder were left with when it
 * was renumbered? */
static gboolean
is_tag_taken (MfDb *db, MfFolderId folder, const char *tag, gboolean *out, GError **error)
{
  gint64 taken = 0;

  if (!mf_db_number (db, 0, &taken, error,
                     "SELECT EXISTS (SELECT 1 FROM folder WHERE tag = ?1 AND id != ?2)"
                     " OR EXISTS (SELECT 1 FROM message WHERE folder = ?2 AND base LIKE '%.' || ?1)",
                     "si", tag, folder))
    return FALSE;
  *out = taken != 0;
  return TRUE;
}

/* (transfer full): for this folder under this UIDVALIDITY, no other has it. */
static char *
free_tag (MfDb *db, const MfFolder *folder, guint32 uidvalidity, GError **error)
{
  for (guint salt = 0;; salt++)
    {
      g_autofree char *tag = make_tag (folder->mailbox, uidvalidity, salt);
      gboolean taken = FALSE;

      if (!is_tag_taken (db, folder->id, tag, &taken, error))
        return NULL;
      if (!taken)
        return g_steal_pointer (&tag);
    }
}

gboolean
mf_folders_set_validity (MfDb *db, const MfFolder *folder, guint32 uidvalidity, GError **error)
{
  g_autofree char *tag = free_tag (db, folder, uidvalidity, error);

  return tag != NULL
         && mf_db_run (db, error,
                       "UPDATE folder SET uidvalidity = ?, uidnext = 0, highestmodseq = 0,"
                       " tag = ? WHERE id = ?",
                       "isi", (gint64) uidvalidity, tag, folder->id);
}

gboolean
mf_folders_set_renumbered (MfDb *db, MfFolderId id, GError **error)
{
  return mf_db_run (db, error, "UPDATE folder SET renumbered = 1 WHERE id = ?", "i", id);
}

gboolean
mf_folders_learn_validity (MfDb *db, const MfFolder *folder, guint32 uidvalidity, GError **error)
{
  g_autofree char *tag = NULL;

  if (folder->uidvalidity != 0 || uidvalidity == 0)
    return TRUE;
  tag = free_tag (db, folder, uidvalidity, error);
  return tag != NULL
         && mf_db_run (db, error, "UPDATE folder SET uidvalidity = ?, tag = ? WHERE id = ?", "isi",
                       (gint64) uidvalidity, tag, folder->id);
}

GArray *
mf_folders_ids_renumbered (MfDb *db, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (MfFolderId));
  GError *local = NULL;

  if (!mf_db_query (db, &query, error, "SELECT id FROM folder WHERE renumbered ORDER BY id", ""))
    return NULL;
  while (mf_db_next (&query, &local))
    {
      MfFolderId id = mf_db_int (&query, 0);
      g_array_append_val (ids, id);
    }
  if (local == NULL)
    return g_steal_pointer (&ids);
  g_propagate_error (error, local);
  return NULL;
}

gboolean
mf_folders_count (MfDb *db, MfFolderId id, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE folder SET (messages, unseen) ="
                    " (SELECT COUNT(*), COUNT(*) FILTER (WHERE NOT flags & ?2)"
                    "  FROM message WHERE folder = ?1 AND place < ?3) WHERE id = ?1",
                    "iii", id, (gint64) MF_FLAG_SEEN, (gint64) MF_PLACE_TMP);
}

gboolean
mf_folders_touch (MfDb *db, MfFolderId id, MfPlace place, GError **error)
{
  static const char *const sql[MF_N_PLACES] = {
    [MF_PLACE_CUR] = "UPDATE folder SET cur_changed_ns = ? WHERE id = ?",
    [MF_PLACE_NEW] = "UPDATE folder SET new_changed_ns = ? WHERE id = ?",
    [MF_PLACE_TMP] = "UPDATE folder SET tmp_changed_ns = ? WHERE id = ?",
  };

  return mf_db_run (db, error, sql[place], "ii", now_ns (), id);
}

gboolean
mf_folders_touch_tree (MfDb *db, MfFolderId id, GError **error)
{
  return mf_db_run (db, error, "UPDATE folder SET tree_changed_ns = ? WHERE id = ?", "ii",
                    now_ns (), id);
}

/* ---- changes made here ------------------------------------------------ */

char
mf_folders_delimiter (MfDb *db)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (mf_db_query (db, &query, NULL, "SELECT value FROM meta WHERE key = 'delimiter'", "")
      && mf_db_next (&query, NULL))
    return *mf_db_text (&query, 0);
  return '/';
}

gboolean
mf_folders_insert_local (MfDb *db, MfFolderId parent, const char *name, MfFolderId *out_id,
                         GError **error)
{
  if (!mf_db_run (db, error,
                  "INSERT INTO folder (parent, name, selectable, subscribed, known, cur_changed_ns,"
                  " new_changed_ns, tmp_changed_ns, tree_changed_ns)"
                  " VALUES (?1, ?2, 1, 1, 1, ?3, ?3, ?3, ?3)",
                  "isi", parent, name, now_ns ()))
    return FALSE;
  *out_id = mf_db_last_id (db);
  return mf_folders_touch_tree (db, parent, error);
}

gboolean
mf_folders_hide (MfDb *db, const MfFolder *folder, GError **error)
{
  return mf_db_run (db, error, "UPDATE folder SET parent = 0, name = 'removed ' || id WHERE id = ?",
                    "i", folder->id)
         && mf_folders_touch_tree (db, folder->parent, error);
}

gboolean
mf_folders_move (MfDb *db, const MfFolder *folder, MfFolderId parent, const char *name,
                 GError **error)
{
  return mf_db_run (db, error, "UPDATE folder SET parent = ?, name = ? WHERE id = ?", "isi", parent,
                    name, folder->id)
         && mf_folders_touch_tree (db, folder->parent, error)
         && mf_folders_touch_tree (db, parent, error);
}

gboolean
mf_folders_set_mailbox (MfDb *db, const MfFolder *folder, const char *mailbox, GError **error)
{
  char delimiter[2] = { mf_folders_delimiter (db), '\0' };

  if (folder->mailbox != NULL)
    {
      g_autofree char *old = g_strconcat (folder->mailbox, delimiter, NULL);
      if (!mf_db_run (db, error,
                      "UPDATE folder SET mailbox = ?2 || ?3 || substr(mailbox, length(?1) + 1)"
                      " WHERE substr(mailbox, 1, length(?1)) = ?1",
                      "sss", old, mailbox, delimiter))
        return FALSE;
    }
  return mf_db_run (db, error, "UPDATE folder SET mailbox = ? WHERE id = ?", "si", mailbox,
                    folder->id);
}

/* The id of the folder whose mailbox is above @folder's; *@out_component: its own. */
static gboolean
find_parent (MfDb *db, const MfFolder *folder, MfFolderId *out_parent, char **out_component,
             GError **error)
{
  const char *cut = strrchr (folder->mailbox, mf_folders_delimiter (db));
  g_autofree char *above = NULL;

  *out_parent = MF_FOLDER_ROOT;
  if (cut != NULL)
    {
      above = g_strndup (folder->mailbox, (gsize) (cut - folder->mailbox));
      if (!mf_db_number (db, MF_FOLDER_ROOT, out_parent, error,
                         "SELECT id FROM folder WHERE mailbox = ?", "s", above))
        return FALSE;
    }
  *out_component = g_strdup (cut != NULL ? cut + 1 : folder->mailbox);
  return TRUE;
}

/* The name may be another's by now. */
gboolean
mf_folders_revert (MfDb *db, const MfFolder *folder, GError **error)
{
  MfFolderId parent = 0;
  g_autofree char *component = NULL;
  gint64 taken = 0;

  if (!find_parent (db, folder, &parent, &component, error))
    return FALSE;
  g_autofree char *name = decode_component (component);
  if (!mf_db_number (db, 0, &taken, error,
                     "SELECT 1 FROM folder WHERE parent = ? AND name = ? AND id != ?", "isi", parent,
                     name, folder->id))
    return FALSE;
  g_autofree char *free_name
      = taken != 0 ? g_strconcat (name, "\x7f", component, NULL) : g_strdup (name);
  return (parent == folder->parent && g_str_equal (free_name, folder->name))
         || mf_folders_move (db, folder, parent, free_name, error);
}

gboolean
mf_folders_reclaim_name (MfDb *db, const MfFolder *folder, gboolean *out_reclaimed, GError **error)
{
  g_auto (MfFolder) now = { 0 };

  *out_reclaimed = FALSE;
  if (strchr (folder->name, '\x7f') == NULL)
    return TRUE;
  if (!mf_folders_revert (db, folder, error) || !mf_folders_get (db, folder->id, &now, error))
    return FALSE;
  *out_reclaimed = !g_str_equal (now.name, folder->name);
  return TRUE;
}
