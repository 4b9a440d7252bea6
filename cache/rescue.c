#include "cache/rescue.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cache/folders.h"
#include "cache/messages.h"
#include "cache/pending.h"

static gboolean
file_size (MfDrafts *drafts, const MfMessage *row, gint64 *out_size, GError **error)
{
  struct stat attributes;
  int fd = mf_drafts_open_file (drafts, row, error);

  if (fd < 0)
    return FALSE;
  *out_size = fstat (fd, &attributes) == 0 ? attributes.st_size : 0;
  close (fd);
  return TRUE;
}

gboolean
mf_rescue_size (MfDrafts *drafts, MfDb *db, const MfMessage *row, GError **error)
{
  gint64 size = 0;

  if (!row->draft)
    return mf_db_run (db, error,
                      "UPDATE message SET exact_size ="
                      " (SELECT size FROM body WHERE message = ?1) WHERE id = ?1",
                      "i", row->id);
  return file_size (drafts, row, &size, error)
         && mf_messages_set_exact (db, row->id, (guint64) size, error);
}

/* A new row in lost+found with the file of @row, unless that is empty. */
static gboolean
rescue_content (MfCache *cache, const MfMessage *row, GError **error)
{
  MfDb *db = cache->back;
  g_autofree char *name = g_strdup_printf ("unfinished.%" G_GINT64_FORMAT, row->id);
  g_autofree char *base = mf_messages_free_base (db, MF_FOLDER_LOST, name, error);
  MfMessage lost = { .folder = MF_FOLDER_LOST, .place = MF_PLACE_CUR, .base = base,
                     .internaldate = row->internaldate, .exact = TRUE, .draft = TRUE };
  gint64 size = 0;
  MfMsgId id = 0;

  if (base == NULL || !file_size (cache->drafts, row, &size, error))
    return FALSE;
  lost.size = (guint64) size;
  return size == 0
         || (mf_messages_insert_local (db, &lost, &id, error)
             && mf_drafts_link (cache->drafts, row, id, error)
             && mf_folders_touch (db, MF_FOLDER_LOST, MF_PLACE_CUR, error));
}

/* The next version of something that is still as it was. */
static gboolean
rescue_next_version (MfCache *cache, const MfDraftFile *file, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  g_auto (MfMessage) next = { 0 };

  if (!mf_messages_get (cache->back, file->id, &row, NULL) || file->version <= row.version)
    return TRUE;
  mf_message_copy (&row, &next);
  next.version = file->version;
  return rescue_content (cache, &next, error)
         && mf_rescue_size (cache->drafts, cache->back, &row, error);
}

static gboolean
rescue_next_versions (MfCache *cache, GError **error)
{
  g_autoptr (GArray) files = mf_drafts_list (cache->drafts, error);

  for (guint i = 0; files != NULL && i < files->len; i++)
    if (!rescue_next_version (cache, &g_array_index (files, MfDraftFile, i), error))
      return FALSE;
  return files != NULL;
}

/* Made here, and never closed. */
static gboolean
rescue_new (MfCache *cache, MfMsgId id, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  gboolean moving = FALSE;

  if (!mf_messages_get (cache->back, id, &row, error)
      || !mf_pending_is_moving (cache->back, id, &moving, error))
    return FALSE;
  return moving || row.home != 0 || row.place == MF_PLACE_TMP || row.folder == MF_FOLDER_LOST
         || (rescue_content (cache, &row, error) && mf_messages_remove (cache->back, id, error));
}

static gboolean
rescue_all_new (MfCache *cache, GError **error)
{
  g_autoptr (GArray) drafts = mf_messages_drafts (cache->back, MF_DRAFT_ONLY, error);

  for (guint i = 0; drafts != NULL && i < drafts->len; i++)
    if (!rescue_new (cache, g_array_index (drafts, MfMsgId, i), error))
      return FALSE;
  return drafts != NULL;
}

/* Removed by another client while it was being written. */
static gboolean
remove_homeless (MfCache *cache, GError **error)
{
  return mf_db_run (cache->back, error,
                    "DELETE FROM message WHERE home IS NULL AND uid IS NULL AND draft = 0 AND NOT EXISTS"
                    " (SELECT 1 FROM change WHERE change.message = message.id AND state != 3)",
                    "");
}

gboolean
mf_rescue_unfinished (MfCache *cache, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  return mf_db_begin (cache->back, &txn, error) && rescue_all_new (cache, error)
         && rescue_next_versions (cache, error) && remove_homeless (cache, error)
         && mf_db_commit (&txn, error) && mf_drafts_sweep (cache->drafts, cache->back, error);
}
