#include "cache/rescue.h"

#include "cache/folders.h"
#include "cache/messages.h"

/* A new row in lost+found with the file of @row. */
static gboolean
rescue_content (MfCache *cache, const MfMessage *row, GError **error)
{
  g_autofree char *name = g_strdup_printf ("unfinished.%" G_GINT64_FORMAT, row->id);
  g_autofree char *base = mf_messages_free_base (cache->back, MF_FOLDER_LOST, name, error);
  MfMessage lost = { .folder = MF_FOLDER_LOST, .place = MF_PLACE_CUR, .base = base,
                     .internaldate = row->internaldate, .size = row->size, .exact = TRUE,
                     .draft = TRUE };
  MfMsgId id = 0;

  return base != NULL && mf_messages_insert_local (cache->back, &lost, &id, error)
         && mf_drafts_link (cache->drafts, row->id, id, error)
         && mf_folders_touch (cache->back, MF_FOLDER_LOST, MF_PLACE_CUR, error);
}

/* Again what the server has; or nothing, if it never had it. */
static gboolean
give_up (MfCache *cache, const MfMessage *row, GError **error)
{
  if (row->home == 0)
    return mf_messages_remove (cache->back, row->id, error);
  return mf_db_run (cache->back, error,
                    "UPDATE message SET draft = 0, exact_size ="
                    " (SELECT size FROM body WHERE message = ?1) WHERE id = ?1",
                    "i", row->id);
}

static gboolean
rescue (MfCache *cache, MfMsgId id, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) row = { 0 };
  gint64 queued = 0;

  if (!mf_db_begin (cache->back, &txn, error) || !mf_messages_get (cache->back, id, &row, error)
      || !mf_db_number (cache->back, 0, &queued, error,
                        "SELECT 1 FROM change WHERE message = ? AND kind IN (2, 3)", "i", id))
    return FALSE;
  if (queued != 0 || row.place == MF_PLACE_TMP || row.folder == MF_FOLDER_LOST)
    return TRUE;
  if ((row.size > 0 && !rescue_content (cache, &row, error)) || !give_up (cache, &row, error)
      || !mf_db_commit (&txn, error))
    return FALSE;
  mf_drafts_delete (cache->drafts, id);
  return TRUE;
}

/* When in doubt a file stays. */
static gboolean
is_draft (MfMsgId id, gpointer cache)
{
  gint64 found = 1;

  return !mf_db_number (((MfCache *) cache)->back, 0, &found, NULL,
                        "SELECT 1 FROM message WHERE id = ? AND draft != 0", "i", id)
         || found != 0;
}

gboolean
mf_rescue_unfinished (MfCache *cache, GError **error)
{
  g_autoptr (GArray) drafts = mf_messages_drafts (cache->back, MF_DRAFT_ONLY, error);

  for (guint i = 0; drafts != NULL && i < drafts->len; i++)
    if (!rescue (cache, g_array_index (drafts, MfMsgId, i), error))
      return FALSE;
  mf_drafts_sweep (cache->drafts, is_draft, cache);
  return drafts != NULL;
}
