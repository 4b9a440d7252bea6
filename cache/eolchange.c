#include "cache/eolchange.h"

#include "cache/journal.h"
#include "cache/messages.h"
#include "cache/pending.h"

/* In a cache that has been wiped there is none. */
static gboolean
find_body (MfBodies *bodies, MfDb *db, MfMsgId id, MfBody **out, GError **error)
{
  GError *local = NULL;

  *out = mf_bodies_get (bodies, db, id, &local);
  if (*out == NULL && !g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  g_clear_error (&local);
  return TRUE;
}

/* What is a file is sent as such, unless it is on its way as a copy. */
static gboolean
journal_file (MfDb *db, const MfMessage *row, GError **error)
{
  gboolean sent = FALSE;

  return row->home != 0
         || (mf_pending_is_sent (db, row->id, &sent, error)
             && (sent || mf_journal_append (db, row->id, row->folder, error)));
}

static gboolean
keep_one (MfBodies *bodies, MfDrafts *drafts, MfDb *db, MfMsgId id, GError **error)
{
  g_auto (MfMessage) row = { 0 };
  g_autoptr (MfBody) body = NULL;

  if (!mf_messages_get (db, id, &row, error) || !find_body (bodies, db, id, &body, error))
    return FALSE;
  return body == NULL
         || (mf_drafts_write_body (drafts, id, body, error)
             && mf_messages_set_draft (
                 db, id, row.home != 0 ? MF_DRAFT_UPLOADED : MF_DRAFT_ONLY, 0, error)
             && journal_file (db, &row, error));
}

/* (transfer full) (element-type MfMsgId): with a body here and an unsent change. */
static GArray *
find_unsent (MfDb *db, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (MfMsgId));
  GError *local = NULL;

  if (!mf_db_query (db, &query, error,
                    "SELECT id FROM message JOIN body ON body.message = id WHERE NOT draft AND id IN"
                    " (SELECT message FROM change WHERE message IS NOT NULL AND state != 3)",
                    ""))
    return NULL;
  while (mf_db_next (&query, &local))
    {
      MfMsgId id = mf_db_int (&query, 0);
      g_array_append_val (ids, id);
    }
  if (local == NULL)
    return g_steal_pointer (&ids);
  g_propagate_error (error, local);
  return NULL;
}

static gboolean
keep_unsent (MfBodies *bodies, MfDrafts *drafts, MfDb *db, GError **error)
{
  g_autoptr (GArray) ids = find_unsent (db, error);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (!keep_one (bodies, drafts, db, g_array_index (ids, MfMsgId, i), error))
      return FALSE;
  return ids != NULL;
}

gboolean
mf_eolchange_run (MfBodies *bodies, MfDrafts *drafts, MfDb *db, GError **error)
{
  const char *eol = mf_bodies_are_crlf (bodies) ? "crlf" : "lf";
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  gint64 same = 0;

  if (!mf_db_number (db, 0, &same, error, "SELECT 1 FROM meta WHERE key = 'eol' AND value = ?",
                     "s", eol))
    return FALSE;
  return same != 0
         || (mf_db_begin (db, &txn, error) && keep_unsent (bodies, drafts, db, error)
             && mf_db_run (db, error, "INSERT OR REPLACE INTO meta VALUES ('eol', ?)", "s", eol)
             && mf_bodies_forget_all (bodies, db, error) && mf_db_commit (&txn, error));
}
