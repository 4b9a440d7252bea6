#include "cache/renamed.h"

#include <string.h>

#include "cache/folders.h"
#include "cache/renumber.h"

GPtrArray *
mf_renamed_gone (MfDb *db, GHashTable *listed, GError **error)
{
  g_autoptr (GPtrArray) all = mf_folders_all (db, error);

  for (guint i = all != NULL ? all->len : 0; i-- > 0;)
    {
      const MfFolder *folder = g_ptr_array_index (all, i);
      if (folder->mailbox == NULL || !folder->known || folder->uidvalidity == 0
          || g_hash_table_contains (listed, folder->mailbox))
        g_ptr_array_remove_index (all, i);
    }
  return g_steal_pointer (&all);
}

static gboolean
has_mailbox (MfDb *db, const char *mailbox)
{
  g_auto (MfFolder) folder = { 0 };

  return mf_folders_get_mailbox (db, mailbox, &folder, NULL);
}

/* Else its row would have no place yet. */
static gboolean
has_parent (MfDb *db, const MfRemoteFolder *listed)
{
  const char *cut = listed->delimiter != '\0' ? strrchr (listed->mailbox, listed->delimiter) : NULL;
  g_autofree char *above = cut != NULL ? g_strndup (listed->mailbox, (gsize) (cut - listed->mailbox)) : NULL;

  return above == NULL || has_mailbox (db, above);
}

/* Under its old name until now; a folder above may have been found before. */
static gboolean
find (MfDb *db, GPtrArray *gone, const MfMailboxStatus *status, MfFolder *out)
{
  for (guint i = 0; i < gone->len; i++)
    {
      const MfFolder *folder = g_ptr_array_index (gone, i);
      if (folder->uidvalidity == status->uidvalidity && folder->uidnext <= status->uidnext
          && mf_folders_get_mailbox (db, folder->mailbox, out, NULL))
        return TRUE;
    }
  return FALSE;
}

/* With all below it. */
static gboolean
renumber (MfSettle *settle, const MfFolder *renamed, char delimiter, GError **error)
{
  g_autoptr (GPtrArray) all = mf_folders_all (settle->db, error);
  g_autofree char *below = g_strdup_printf ("%s%c", renamed->mailbox, delimiter);

  for (guint i = 0; all != NULL && i < all->len; i++)
    {
      const MfFolder *folder = g_ptr_array_index (all, i);
      gboolean is_meant = folder->id == renamed->id
                          || (folder->mailbox != NULL && g_str_has_prefix (folder->mailbox, below));
      if (is_meant && folder->uidvalidity != 0
          && !mf_renumber_messages (settle, folder, folder->uidvalidity, error))
        return FALSE;
    }
  return all != NULL;
}

gboolean
mf_renamed_follow (MfSettle *settle, GPtrArray *gone, const MfRemoteFolder *listed, GError **error)
{
  MfDb *db = settle->db;
  g_auto (MfFolder) before = { 0 }, after = { 0 };

  if (gone->len == 0 || listed->status == NULL || has_mailbox (db, listed->mailbox)
      || !has_parent (db, listed) || !find (db, gone, listed->status, &before))
    return TRUE;
  MfFolderId old_parent = before.parent;
  if (!mf_folders_set_mailbox (db, &before, listed->mailbox, error))
    return FALSE;
  mf_folder_clear (&before);
  if (!mf_folders_get_mailbox (db, listed->mailbox, &before, error)
      || !mf_folders_revert (db, &before, error)
      || !renumber (settle, &before, listed->delimiter, error)
      || !mf_folders_get (db, before.id, &after, error))
    return FALSE;
  mf_news_add (settle->news, MF_EVENT_TREE_CHANGED, old_parent, NULL, NULL);
  if (after.parent != old_parent)
    mf_news_add (settle->news, MF_EVENT_TREE_CHANGED, after.parent, NULL, NULL);
  return TRUE;
}
