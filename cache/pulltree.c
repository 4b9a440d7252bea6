/* The folder half of pull.h. */
#include "cache/pending.h"
#include "cache/pull.h"

#include <string.h>

#include "cache/folders.h"
#include "cache/renamed.h"
#include "cache/trash.h"

typedef struct
{
  MfRemoteFolder folder;
  MfMailboxStatus status;
  char *mailbox;
} Listed;

typedef struct
{
  const MfFolderFilter *filter;
  GArray *listed; /* of Listed */
  GHashTable *left_out; /* mailboxes that the filter does not want, */
  char *trash;          /* (nullable) and that of them with \Trash */
  GArray *stale, *untold; /* as in mf_pull_tree() */
} Listing;

static void
clear_listed (gpointer data)
{
  g_free (((Listed *) data)->mailbox);
}

/* The name as a person writes it: UTF-8 with slashes. */
static char *
display_name (const MfRemoteFolder *folder)
{
  char *name = mf_utf7_decode (folder->mailbox);

  if (name == NULL)
    name = g_strdup (folder->mailbox);
  if (folder->delimiter != 0 && folder->delimiter != '/')
    g_strdelimit (name, (char[]){ folder->delimiter, '\0' }, '/');
  return name;
}

static gboolean
matches (const char *const *globs, const char *name)
{
  for (guint i = 0; globs[i] != NULL; i++)
    if (g_pattern_match_simple (globs[i], name))
      return TRUE;
  return FALSE;
}

static gboolean
is_wanted (const MfFolderFilter *filter, const MfRemoteFolder *folder)
{
  g_autofree char *name = display_name (folder);
  gboolean inbox = g_ascii_strcasecmp (name, "INBOX") == 0;

  if (filter->subscribed && !folder->subscribed && !inbox)
    return FALSE;
  if (filter->folders != NULL && !matches (filter->folders, name))
    return FALSE;
  return filter->exclude == NULL || !matches (filter->exclude, name);
}

static void
leave_out (Listing *self, const MfRemoteFolder *folder)
{
  g_hash_table_add (self->left_out, g_strdup (folder->mailbox));
  if (folder->special_use != MF_USE_TRASH || !folder->selectable)
    return;
  g_free (self->trash);
  self->trash = g_strdup (folder->mailbox);
}

static void
collect (const MfRemoteFolder *folder, gpointer user_data)
{
  Listing *listing = user_data;
  Listed listed = { .folder = *folder };

  if (*folder->mailbox == '\0')
    return;
  if (!is_wanted (listing->filter, folder))
    {
      leave_out (listing, folder);
      return;
    }
  listed.mailbox = g_strdup (folder->mailbox);
  if (folder->status != NULL)
    listed.status = *folder->status;
  g_array_append_val (listing->listed, listed);
}

/* Does STATUS say that the index is behind? */
static gboolean
is_stale (const MfFolder *known, const MfMailboxStatus *status)
{
  if (!known->known)
    return FALSE;
  if (status->uidvalidity != known->uidvalidity || status->uidnext != known->uidnext)
    return TRUE;
  if (status->messages != known->messages) /* CONDSTORE alone does not number removals */
    return TRUE;
  if (status->highestmodseq != 0)
    return status->highestmodseq != known->highestmodseq;
  return status->unseen != known->unseen;
}

static gboolean
is_untold (const MfFolder *known, const MfMailboxStatus *status)
{
  return known->known && status->highestmodseq == 0 && status->messages > 0;
}

static void
judge (Listing *listing, const MfFolder *known, const MfMailboxStatus *status)
{
  if (is_stale (known, status))
    g_array_append_val (listing->stale, known->id);
  else if (listing->untold != NULL && is_untold (known, status))
    g_array_append_val (listing->untold, known->id);
}

static gboolean
put_one (MfSettle *settle, Listing *listing, Listed *listed, GPtrArray *gone, GHashTable *seen,
         GError **error)
{
  MfDb *db = settle->db;
  g_auto (MfFolder) row = { 0 };
  MfFolderId id = 0, changed = 0;
  gboolean reclaimed = FALSE;

  listed->folder.mailbox = listed->mailbox;
  if (listed->folder.status != NULL)
    listed->folder.status = &listed->status;
  if (!mf_renamed_follow (settle, gone, &listed->folder, error)
      || !mf_folders_put (db, &listed->folder, &id, &changed, error)
      || !mf_folders_get (db, id, &row, error)
      || !mf_folders_reclaim_name (db, &row, &reclaimed, error))
    return FALSE;
  if (changed != 0)
    mf_news_add (settle->news, MF_EVENT_TREE_CHANGED, changed, NULL, NULL);
  if (reclaimed)
    mf_news_add (settle->news, MF_EVENT_TREE_CHANGED, row.parent, NULL, NULL);
  if (listed->folder.status != NULL)
    judge (listing, &row, &listed->status);
  g_hash_table_add (seen, GSIZE_TO_POINTER ((gsize) id));
  return TRUE;
}

/* (transfer full): ids of all folders above those in @listed. */
static GHashTable *
find_parents (GPtrArray *all, GHashTable *listed)
{
  g_autoptr (GHashTable) parent_of = g_hash_table_new (NULL, NULL);
  GHashTable *parents = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer id;

  for (guint i = 0; i < all->len; i++)
    {
      MfFolder *folder = g_ptr_array_index (all, i);
      g_hash_table_insert (parent_of, GSIZE_TO_POINTER ((gsize) folder->id),
                           GSIZE_TO_POINTER ((gsize) folder->parent));
    }
  g_hash_table_iter_init (&iter, listed);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    while ((id = g_hash_table_lookup (parent_of, id)) != NULL && g_hash_table_add (parents, id))
      ;
  return parents;
}

/* It is only there for those below it. */
static gboolean
make_plain (MfDb *db, const MfFolder *folder, MfNews *news, GError **error)
{
  MfRemoteFolder plain = { .mailbox = folder->mailbox };
  MfFolderId id = 0, changed = 0;

  if (!mf_folders_put (db, &plain, &id, &changed, error))
    return FALSE;
  if (changed != 0)
    mf_news_add (news, MF_EVENT_TREE_CHANGED, changed, NULL, NULL);
  return TRUE;
}

/* Something is to be sent to it, or from it. */
static gboolean
is_pending (MfDb *db, MfFolderId id, gboolean *out, GError **error)
{
  gint64 pending = 0;

  if (!mf_db_number (db, 0, &pending, error,
                     "SELECT EXISTS (SELECT 1 FROM change WHERE folder = ?1 AND state != 3)"
                     " OR EXISTS (SELECT 1 FROM message JOIN change ON change.message = message.id"
                     "            WHERE (message.folder = ?1 OR message.home = ?1) AND state != 3)",
                     "i", id))
    return FALSE;
  *out = pending != 0;
  return TRUE;
}

/* What was made here, or made for what is removed here, need not be wanted, but is
 * needed for now: it is as if it had been listed. */
static gboolean
keep_pending (MfDb *db, const Listing *listing, GHashTable *listed, GError **error)
{
  g_autoptr (GPtrArray) all = mf_folders_all (db, error);

  for (guint i = 0; all != NULL && i < all->len; i++)
    {
      MfFolder *folder = g_ptr_array_index (all, i);
      gboolean pending = FALSE;
      if (folder->mailbox == NULL || !g_hash_table_contains (listing->left_out, folder->mailbox))
        continue;
      if (!is_pending (db, folder->id, &pending, error))
        return FALSE;
      if (pending)
        g_hash_table_add (listed, GSIZE_TO_POINTER ((gsize) folder->id));
    }
  return all != NULL;
}

static gboolean
remove_unlisted (MfSettle *settle, GHashTable *listed, GError **error)
{
  MfDb *db = settle->db;
  MfNews *news = settle->news;
  g_autoptr (GPtrArray) all = mf_folders_all (db, error);
  g_autoptr (GHashTable) parents = all != NULL ? find_parents (all, listed) : NULL;

  for (guint i = all != NULL ? all->len : 0; i-- > 0;)
    {
      MfFolder *folder = g_ptr_array_index (all, i);
      gpointer key = GSIZE_TO_POINTER ((gsize) folder->id);
      if (folder->mailbox == NULL || g_hash_table_contains (listed, key))
        continue; /* ours, or the server's still */
      if (g_hash_table_contains (parents, key))
        {
          if (!make_plain (db, folder, news, error))
            return FALSE;
          continue;
        }
      if (!mf_settle_folder_gone (settle, folder->id, error))
        return FALSE;
      mf_news_add (news, MF_EVENT_TREE_CHANGED, folder->parent, NULL, NULL);
    }
  return all != NULL;
}

/* (transfer full) (element-type MfFolder) */
static GPtrArray *
find_gone (MfDb *db, const Listing *listing, GError **error)
{
  g_autoptr (GHashTable) mailboxes = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer left_out;

  for (guint i = 0; i < listing->listed->len; i++)
    g_hash_table_add (mailboxes, g_array_index (listing->listed, Listed, i).mailbox);
  g_hash_table_iter_init (&iter, listing->left_out);
  while (g_hash_table_iter_next (&iter, &left_out, NULL))
    g_hash_table_add (mailboxes, left_out);
  return mf_renamed_gone (db, mailboxes, error);
}

static gboolean
store_delimiter (MfDb *db, const Listing *listing, GError **error)
{
  for (guint i = 0; i < listing->listed->len; i++)
    {
      char delimiter[2] = { g_array_index (listing->listed, Listed, i).folder.delimiter, '\0' };
      if (*delimiter != '\0')
        return mf_db_run (db, error, "INSERT OR REPLACE INTO meta VALUES ('delimiter', ?)", "s",
                          delimiter);
    }
  return TRUE;
}

static gboolean
store_listing (MfSettle *settle, Listing *listing, MfSeq since, GError **error)
{
  MfDb *db = settle->db;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  if (!mf_db_begin (db, &txn, error))
    return FALSE;
  /* Folders were changed here meanwhile: the listing is of another time. */
  if (mf_pending_last_of_folders (db) != since)
    return TRUE;
  if (!store_delimiter (db, listing, error)
      || !mf_trash_set_left_out (db, listing->trash, error))
    return FALSE;
  g_autoptr (GPtrArray) gone = find_gone (db, listing, error);
  if (gone == NULL)
    return FALSE;
  for (guint i = 0; i < listing->listed->len; i++)
    if (!put_one (settle, listing, &g_array_index (listing->listed, Listed, i), gone, seen, error))
      return FALSE;
  return keep_pending (db, listing, seen, error) && remove_unlisted (settle, seen, error)
         && mf_db_commit (&txn, error);
}

/* What is above comes first. */
static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Listed *) a)->mailbox, ((const Listed *) b)->mailbox);
}

/* Of the mailbox that is open in it a session tells what it knew last. */
static gboolean
list (MfLink *link, Listing *listing, GError **error)
{
  return (link->mailbox == NULL
          || link->ops->noop (link->remote, link->cancellable, error))
         && link->ops->list (link->remote, TRUE, collect, listing, link->cancellable, error);
}

gboolean
mf_pull_tree (MfSettle *settle, MfLink *link, const MfFolderFilter *filter, GArray *out_stale,
              GArray *out_untold, GError **error)
{
  g_autoptr (GArray) listed = g_array_new (FALSE, TRUE, sizeof (Listed));
  g_autoptr (GHashTable) left_out = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Listing listing = { filter, listed, left_out, NULL, out_stale, out_untold };
  MfSeq since = mf_pending_last_of_folders (settle->db);

  g_array_set_clear_func (listed, clear_listed);
  if (mf_pending_has_folder_changes (settle->db))
    return TRUE; /* the tree is ours until they are told */
  gboolean ok = list (link, &listing, error);
  g_array_sort (listed, compare);
  ok = ok && store_listing (settle, &listing, since, error);
  g_free (listing.trash);
  if (!ok)
    return FALSE;
  mf_news_send (settle->news);
  return TRUE;
}
