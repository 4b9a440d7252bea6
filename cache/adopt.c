#include "cache/adopt.h"

#include "cache/draftreader.h"
#include "cache/messages.h"

#define PIECE (32 * 1024)

/* As the wire has it, since that is what a body is made of. */
static gboolean
copy_file (MfBodyWriter *writer, int fd, GError **error)
{
  g_autofree char *buffer = g_malloc (PIECE);
  g_auto (MfDraftReader) reader = { .fd = -1 };
  gssize n;

  if (!mf_draft_reader_init (&reader, fd, error))
    return FALSE;
  while ((n = mf_draft_reader_read (buffer, PIECE, &reader)) > 0)
    mf_bodywriter_write (writer, buffer, (gsize) n);
  if (n == 0)
    return TRUE;
  g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT, "a draft cannot be read");
  return FALSE;
}

static gboolean
write_body (MfEngine *engine, MfBodyWriter *writer, const MfMessage *row, MfBodyPlace *out,
            GError **error)
{
  int fd = mf_drafts_open_file (engine->drafts, row, error);

  if (fd < 0)
    return FALSE;
  mf_bodywriter_begin (writer, engine->db);
  if (copy_file (writer, fd, error))
    return mf_bodywriter_finish (writer, out, error) && mf_bodywriter_flush (writer, error);
  mf_bodywriter_drop (writer);
  return FALSE;
}

/* Unless somebody has begun to write it again. */
static gboolean
store (MfEngine *engine, const MfMessage *before, const MfBodyPlace *place, MfNews *news,
       GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfMessage) after = { 0 };
  gint64 uploaded = 0;

  if (!mf_db_begin (engine->db, &txn, error)
      || !mf_db_number (engine->db, 0, &uploaded, error,
                        "SELECT 1 FROM message WHERE id = ? AND draft = 2 AND version = ?", "ii",
                        before->id, (gint64) before->version))
    return FALSE;
  if (uploaded == 0 || mf_drafts_is_held (engine->drafts, before->id))
    return TRUE;
  if (!mf_bodies_put (engine->bodies, engine->db, before->id, place, error)
      || !mf_messages_set_draft (engine->db, before->id, MF_DRAFT_NONE, before->version, error)
      || !mf_messages_get (engine->db, before->id, &after, error)
      || !mf_db_commit (&txn, error))
    return FALSE;
  if (before->size != after.size)
    mf_news_add (news, MF_EVENT_MESSAGE_SIZE, after.folder, before, &after);
  return TRUE;
}

static gboolean
adopt (MfEngine *engine, MfBodyWriter *writer, MfMsgId id, MfNews *news, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  MfBodyPlace place = { 0 };

  return !mf_messages_get (engine->db, id, &row, NULL)
         || mf_drafts_is_held (engine->drafts, id)
         || (write_body (engine, writer, &row, &place, error)
             && store (engine, &row, &place, news, error));
}

gboolean
mf_adopt_run (MfEngine *engine, MfBodyWriter *writer, GError **error)
{
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  g_autoptr (GArray) ids = mf_messages_drafts (engine->db, MF_DRAFT_UPLOADED, error);
  gboolean ok = ids != NULL;

  for (guint i = 0; ok && i < ids->len; i++)
    ok = adopt (engine, writer, g_array_index (ids, MfMsgId, i), news, error);
  mf_news_send (news);
  return ok && mf_drafts_sweep (engine->drafts, engine->db, error);
}
