/* "retry" of .mailfs/ctl.  What failed was taken back, so it is done again, as its
 * user would. */
#include "cache/account.h"
#include "cache/folders.h"
#include "cache/keywords.h"
#include "cache/messages.h"
#include "cache/pending.h"

static gboolean
redo_flags (MfCache *self, const MfChange *change, const MfMessage *row, GError **error)
{
  MfFlags flags = (row->flags | change->add_flags) & ~change->remove_flags;
  g_autofree char *more = mf_keywords_add (row->keywords, change->add_keywords);
  g_autofree char *keywords = mf_keywords_remove (more, change->remove_keywords);

  return mf_cache_set_flags (self, row, flags, keywords, error);
}

static gboolean
redo_labels (MfCache *self, const MfChange *change, const MfMessage *row, GError **error)
{
  g_autofree char *more = mf_keywords_add (row->labels, change->add_keywords);
  g_autofree char *labels = mf_keywords_remove (more, change->remove_keywords);

  return mf_cache_set_labels (self, row, labels, error);
}

static char *
name_in (MfCache *self, const MfMessage *row, MfFolderId folder, GError **error)
{
  g_autofree char *name = row->base != NULL
                              ? g_strdup (row->base)
                              : g_strdup_printf ("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                                                 row->internaldate, row->id);

  return mf_messages_free_base (self->front, folder, name, error);
}

static gboolean
redo_move (MfCache *self, MfFolderId folder, const MfMessage *row, GError **error)
{
  g_autofree char *base = name_in (self, row, folder, error);
  MfSpot spot = { folder, row->place, base, row->flags, row->flags };

  return base != NULL && mf_cache_rename (self, row->id, &spot, 0, error);
}

static gboolean
redo_removal (MfCache *self, const MfMessage *row, GError **error)
{
  g_autofree char *base = name_in (self, row, row->folder, error);

  return base != NULL && mf_cache_remove (self, row->id, base, error);
}

static gboolean
redo_of_message (MfCache *self, const MfChange *change, const MfMessage *row, GError **error)
{
  switch (change->kind)
    {
    case MF_CHANGE_FLAGS:
      return redo_flags (self, change, row, error);
    case MF_CHANGE_LABELS:
      return redo_labels (self, change, row, error);
    case MF_CHANGE_EXPUNGE:
      return redo_removal (self, row, error);
    default: /* a move from where the server has it, an upload from lost+found */
      return redo_move (self, change->folder, row, error);
    }
}

static void
tell_message (MfCache *self, MfNews *news, const MfMessage *before)
{
  g_auto (MfMessage) after = { 0 };

  if (mf_messages_get (self->front, before->id, &after, NULL) && after.place != MF_PLACE_GONE)
    mf_news_add (news, MF_EVENT_MESSAGE_CHANGED, before->folder, before, &after);
  else
    mf_news_add (news, MF_EVENT_MESSAGE_REMOVED, before->folder, before, NULL);
}

static gboolean
retry_message (MfCache *self, const MfChange *change, MfNews *news, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  if (!mf_messages_get (self->front, change->message, &row, error)
      || !redo_of_message (self, change, &row, error))
    return FALSE;
  tell_message (self, news, &row);
  return TRUE;
}

static gboolean
redo_of_folder (MfCache *self, const MfChange *change, const MfFolder *folder, GError **error)
{
  MfFolderId id = change->folder;

  switch (change->kind)
    {
    case MF_CHANGE_CREATE:
      return mf_cache_make_folder (self, change->parent, change->name, &id, error);
    case MF_CHANGE_DELETE:
      return mf_cache_remove_folder (self, id, error);
    case MF_CHANGE_RENAME:
      return mf_cache_rename_folder (self, id, change->parent, change->name, 0, error);
    default:
      return mf_cache_subscribe (self, id, folder->subscribed, error);
    }
}

static gboolean
retry_folder (MfCache *self, const MfChange *change, MfNews *news, GError **error)
{
  g_auto (MfFolder) folder = { 0 };

  if (change->kind != MF_CHANGE_CREATE
      && !mf_folders_get (self->front, change->folder, &folder, error))
    return FALSE;
  if (!redo_of_folder (self, change, &folder, error))
    return FALSE;
  if (folder.id != 0)
    mf_news_add (news, MF_EVENT_TREE_CHANGED, folder.parent, NULL, NULL);
  if (change->parent != 0)
    mf_news_add (news, MF_EVENT_TREE_CHANGED, change->parent, NULL, NULL);
  return TRUE;
}

static gboolean
retry_one (MfCache *self, const MfChange *change, MfNews *news, GError **error)
{
  return (change->message != 0 ? retry_message (self, change, news, error)
                               : retry_folder (self, change, news, error))
         && mf_db_run (self->front, error, "DELETE FROM change WHERE seq = ? AND state = 3", "i",
                       change->seq);
}

gboolean
mf_cache_retry (MfCache *self, GError **error)
{
  g_autoptr (MfNews) news = mf_news_new (self->engine->func, self->engine->user_data);
  g_autoptr (GArray) failed = mf_pending_list (self->front, MF_CHANGE_FAILED, error);
  GError *first = NULL;

  for (guint i = 0; failed != NULL && i < failed->len; i++)
    retry_one (self, &g_array_index (failed, MfChange, i), news, first == NULL ? &first : NULL);
  mf_news_send (news);
  if (first != NULL)
    g_propagate_error (error, first);
  return failed != NULL && first == NULL;
}
