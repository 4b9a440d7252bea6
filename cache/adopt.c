#include "cache/adopt.h"

#include "cache/messages.h"

#define PIECE (32 * 1024)

static gboolean
write_body (MfEngine *engine, MfBodyWriter *writer, MfMsgId id, MfBodyPlace *out, GError **error)
{
  g_autofree char *buffer = g_malloc (PIECE);
  MfDraftReader reader = { .fd = -1 };
  gssize n = -1;
  int fd = mf_drafts_open_file (engine->drafts, id, FALSE, error);

  if (fd < 0)
    return FALSE;
  mf_bodywriter_begin (writer, engine->db);
  if (mf_draft_reader_init (&reader, fd, error))
    while ((n = mf_draft_reader_read (buffer, PIECE, &reader)) > 0)
      mf_bodywriter_write (writer, buffer, (gsize) n);
  mf_draft_reader_clear (&reader);
  if (n == 0)
    return mf_bodywriter_finish (writer, out, error) && mf_bodywriter_flush (writer, error);
  mf_bodywriter_drop (writer);
  if (error != NULL && *error == NULL)
    g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT, "a draft cannot be read");
  return FALSE;
}

/* Unless somebody has begun to write it again. */
static gboolean
store (MfEngine *engine, MfMsgId id, const MfBodyPlace *place, MfNews *news, gboolean *out_done,
       GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) before = { 0 };
  g_auto (MfMessage) after = { 0 };
  gint64 uploaded = 0;

  if (!mf_db_begin (engine->db, &txn, error)
      || !mf_db_number (engine->db, 0, &uploaded, error,
                        "SELECT 1 FROM message WHERE id = ? AND draft = 2", "i", id))
    return FALSE;
  *out_done = uploaded != 0 && !mf_drafts_is_held (engine->drafts, id);
  if (!*out_done)
    return TRUE;
  if (!mf_messages_get (engine->db, id, &before, error)
      || !mf_bodies_put (engine->bodies, engine->db, id, place, error)
      || !mf_messages_set_draft (engine->db, id, MF_DRAFT_NONE, error)
      || !mf_messages_get (engine->db, id, &after, error))
    return FALSE;
  if (before.size != after.size)
    mf_news_add (news, MF_EVENT_MESSAGE_SIZE, after.folder, &before, &after);
  return mf_db_commit (&txn, error);
}

gboolean
mf_adopt_run (MfEngine *engine, MfBodyWriter *writer, GError **error)
{
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  g_autoptr (GArray) ids = mf_messages_drafts (engine->db, MF_DRAFT_UPLOADED, error);
  gboolean ok = ids != NULL;

  for (guint i = 0; ok && i < ids->len; i++)
    {
      MfMsgId id = g_array_index (ids, MfMsgId, i);
      MfBodyPlace place = { 0 };
      gboolean done = FALSE;

      ok = write_body (engine, writer, id, &place, error)
           && store (engine, id, &place, news, &done, error);
      if (ok && done)
        mf_drafts_delete (engine->drafts, id);
    }
  mf_news_send (news);
  return ok;
}
