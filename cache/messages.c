#include "cache/messages.h"

#include <string.h>

#define COLUMNS                                                                                   \
  "id, folder, place, uid, base, flags, keywords, internaldate, wire_size, exact_size, modseq,"   \
  " draft, home, emailid, threadid, labels,"                                                       \
  " draft OR EXISTS (SELECT 1 FROM body WHERE body.message = message.id), version"
/* What a listing shows: the rest costs a search for each row. */
#define LIST_COLUMNS                                                                              \
  "id, folder, place, uid, base, flags, keywords, internaldate, wire_size, exact_size, modseq,"   \
  " draft"

void
mf_message_clear (MfMessage *message)
{
  g_clear_pointer (&message->base, g_free);
  g_clear_pointer (&message->keywords, g_free);
  g_clear_pointer (&message->emailid, g_free);
  g_clear_pointer (&message->threadid, g_free);
  g_clear_pointer (&message->labels, g_free);
}

void
mf_message_copy (const MfMessage *from, MfMessage *to)
{
  *to = *from;
  to->base = g_strdup (from->base);
  to->keywords = g_strdup (from->keywords);
  to->emailid = g_strdup (from->emailid);
  to->threadid = g_strdup (from->threadid);
  to->labels = g_strdup (from->labels);
}

int
mf_message_generate_base (const MfMessage *message, const char *tag, char *buffer, gsize size)
{
  return g_snprintf (buffer, size, "%010" G_GINT64_FORMAT ".%08x.%s",
                     MAX (message->internaldate, 0), message->uid, tag != NULL ? tag : "0");
}

/* Strings are borrowed from the row. */
static void
read_list_row (MfDbQuery *query, MfMessage *out)
{
  gint64 exact = mf_db_int (query, 9);
  gboolean is_exact = sqlite3_column_type (query->stmt, 9) != SQLITE_NULL;

  *out = (MfMessage){
    .id = mf_db_int (query, 0),
    .folder = mf_db_int (query, 1),
    .place = (MfPlace) mf_db_int (query, 2),
    .uid = (guint32) mf_db_int (query, 3),
    .base = (char *) mf_db_text (query, 4),
    .flags = (MfFlags) mf_db_int (query, 5),
    .keywords = (char *) mf_db_text (query, 6),
    .internaldate = mf_db_int (query, 7),
    .wire_size = (guint64) mf_db_int (query, 8),
    .size = (guint64) (is_exact ? exact : mf_db_int (query, 8)),
    .exact = is_exact,
    .modseq = (guint64) mf_db_int (query, 10),
    .draft = mf_db_int (query, 11) != 0,
  };
}

static gboolean
read_one (MfDbQuery *query, MfMessage *out, GError **error)
{
  GError *local = NULL;

  if (mf_db_next (query, &local))
    {
      MfMessage row;
      read_list_row (query, &row);
      row.home = mf_db_int (query, 12);
      row.emailid = (char *) mf_db_text (query, 13);
      row.threadid = (char *) mf_db_text (query, 14);
      row.labels = (char *) mf_db_text (query, 15);
      row.cached = mf_db_int (query, 16) != 0;
      row.version = (guint) mf_db_int (query, 17);
      mf_message_copy (&row, out);
      return TRUE;
    }
  if (local == NULL)
    local = g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "no such message");
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
mf_messages_get (MfDb *db, MfMsgId id, MfMessage *out, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  return mf_db_query (db, &query, error, "SELECT " COLUMNS " FROM message WHERE id = ?", "i", id)
         && read_one (&query, out, error);
}

gboolean
mf_messages_get_uid (MfDb *db, MfFolderId home, guint32 uid, MfMessage *out, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  return mf_db_query (db, &query, error,
                      "SELECT " COLUMNS " FROM message WHERE home = ? AND uid = ?", "ii", home,
                      (gint64) uid)
         && read_one (&query, out, error);
}

gboolean
mf_messages_get_base (MfDb *db, MfFolderId folder, gboolean in_tmp, const char *base,
                      MfMessage *out, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  return mf_db_query (db, &query, error,
                      "SELECT " COLUMNS " FROM message WHERE folder = ? AND (place = 2) = ?"
                      " AND base = ? AND place < 3",
                      "iis", folder, (gint64) in_tmp, base)
         && read_one (&query, out, error);
}

gboolean
mf_messages_list (MfDb *db, MfFolderId folder, MfPlace place, MfMsgId after,
                  gboolean (*func) (const MfMessage *message, gpointer user_data),
                  gpointer user_data, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  if (!mf_db_query (db, &query, error,
                    "SELECT " LIST_COLUMNS " FROM message INDEXED BY message_place"
                    " WHERE folder = ? AND place = ? AND id > ? ORDER BY id",
                    "iii", folder, (gint64) place, after))
    return FALSE;
  while (mf_db_next (&query, &local))
    {
      MfMessage row;
      read_list_row (&query, &row);
      if (!func (&row, user_data))
        break;
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

/* ---- changes ---------------------------------------------------------- */

static const char *
text_or_null (const char *text)
{
  return text != NULL && *text != '\0' ? text : NULL;
}

gboolean
mf_messages_insert_remote (MfDb *db, MfFolderId folder, MfFolderId home,
                           const MfRemoteMessage *remote, MfMsgId *out_id, GError **error)
{
  MfPlace place = remote->flags == 0 ? MF_PLACE_NEW : MF_PLACE_CUR;

  if (!mf_db_run (db, error,
                  "INSERT INTO message (folder, home, place, uid, flags, keywords, internaldate,"
                  " wire_size, modseq, emailid, threadid, labels)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "iiiiisiiisss", folder, home, (gint64) place, (gint64) remote->uid,
                  (gint64) remote->flags, text_or_null (remote->keywords), remote->internaldate,
                  (gint64) remote->size, (gint64) remote->modseq, remote->emailid,
                  remote->threadid, remote->labels))
    return FALSE;
  *out_id = mf_db_last_id (db);
  return TRUE;
}

gboolean
mf_messages_update_remote (MfDb *db, MfMessage *message, const MfRemoteMessage *remote,
                           GError **error)
{
  if (remote->has_flags)
    {
      g_free (message->keywords);
      message->keywords = g_strdup (text_or_null (remote->keywords));
      message->flags = remote->flags;
      if (message->flags != 0)
        message->place = MF_PLACE_CUR;
    }
  if (remote->labels != NULL)
    {
      g_free (message->labels);
      message->labels = g_strdup (remote->labels);
    }
  if (remote->internaldate != 0)
    message->internaldate = remote->internaldate;
  message->modseq = MAX (message->modseq, remote->modseq);
  return mf_db_run (db, error,
                    "UPDATE message SET place = ?, flags = ?, keywords = ?, labels = ?, modseq = ?,"
                    " internaldate = COALESCE(NULLIF(?, 0), internaldate),"
                    " wire_size = COALESCE(NULLIF(?, 0), wire_size),"
                    " emailid = COALESCE(?, emailid), threadid = COALESCE(?, threadid) WHERE id = ?",
                    "iissiiissi", (gint64) message->place, (gint64) message->flags, message->keywords,
                    message->labels, (gint64) message->modseq, remote->internaldate,
                    (gint64) remote->size, remote->emailid, remote->threadid, message->id);
}

gboolean
mf_messages_set_exact (MfDb *db, MfMsgId id, guint64 size, GError **error)
{
  return mf_db_run (db, error, "UPDATE message SET exact_size = ?1 WHERE id = ?2", "ii",
                    (gint64) size, id);
}

gboolean
mf_messages_remove (MfDb *db, MfMsgId id, GError **error)
{
  return mf_db_run (db, error, "DELETE FROM body WHERE message = ?", "i", id)
         && mf_db_run (db, error, "DELETE FROM message WHERE id = ?", "i", id);
}

MfUidSet *
mf_messages_uids (MfDb *db, MfFolderId home, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  g_autoptr (MfUidSet) uids = mf_uidset_new ();
  GError *local = NULL;

  if (!mf_db_query (db, &query, error,
                    "SELECT uid FROM message WHERE home = ? AND uid IS NOT NULL ORDER BY uid",
                    "i", home))
    return NULL;
  while (mf_db_next (&query, &local))
    mf_uidset_add (uids, (guint32) mf_db_int (&query, 0));
  if (local == NULL)
    return g_steal_pointer (&uids);
  g_propagate_error (error, local);
  return NULL;
}

gboolean
mf_messages_count_uids (MfDb *db, MfFolderId home, gint64 *out, GError **error)
{
  return mf_db_number (db, 0, out, error,
                       "SELECT COUNT(*) FROM message WHERE home = ? AND uid IS NOT NULL", "i",
                       home);
}

static GArray *
read_ids (MfDbQuery *query, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (MfMsgId));
  GError *local = NULL;

  while (mf_db_next (query, &local))
    {
      MfMsgId id = mf_db_int (query, 0);
      g_array_append_val (ids, id);
    }
  if (local == NULL)
    return g_steal_pointer (&ids);
  g_propagate_error (error, local);
  return NULL;
}

gboolean
mf_messages_last_uid (MfDb *db, MfFolderId home, guint32 *out, GError **error)
{
  gint64 last = 0;

  if (!mf_db_number (db, 0, &last, error,
                     "SELECT MAX(uid) FROM message WHERE home = ? AND uid IS NOT NULL", "i", home))
    return FALSE;
  *out = (guint32) last;
  return TRUE;
}

GArray *
mf_messages_ids_between (MfDb *db, MfFolderId home, guint32 first, guint32 last, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (!mf_db_query (db, &query, error,
                    "SELECT id FROM message WHERE home = ? AND uid BETWEEN ? AND ? ORDER BY uid",
                    "iii", home, (gint64) first, (gint64) last))
    return NULL;
  return read_ids (&query, error);
}

GArray *
mf_messages_ids_unnumbered (MfDb *db, MfFolderId home, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (!mf_db_query (db, &query, error,
                    "SELECT id FROM message WHERE home = ? AND uid IS NULL ORDER BY id", "i", home))
    return NULL;
  return read_ids (&query, error);
}

GArray *
mf_messages_ids_aside (MfDb *db, MfFolderId home, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (!mf_db_query (db, &query, error,
                    "SELECT id FROM message WHERE home = ? AND folder = 0 ORDER BY uid", "i", home))
    return NULL;
  return read_ids (&query, error);
}

GArray *
mf_messages_ids_of (MfDb *db, MfFolderId folder, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (!mf_db_query (db, &query, error,
                    "SELECT id FROM message WHERE folder = ?1"
                    " UNION SELECT id FROM message WHERE home = ?1",
                    "i", folder))
    return NULL;
  return read_ids (&query, error);
}

/* ---- what happens here ------------------------------------------------ */

gboolean
mf_messages_insert_local (MfDb *db, const MfMessage *message, MfMsgId *out_id, GError **error)
{
  if (!mf_db_run (db, error,
                  "INSERT INTO message (folder, place, base, flags, keywords, internaldate,"
                  " wire_size, exact_size, draft) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "iisisiiii", message->folder, (gint64) message->place, message->base,
                  (gint64) message->flags, message->keywords, message->internaldate,
                  (gint64) message->wire_size, (gint64) message->size, (gint64) message->draft))
    return FALSE;
  *out_id = mf_db_last_id (db);
  return message->exact
         || mf_db_run (db, error, "UPDATE message SET exact_size = NULL WHERE id = ?", "i", *out_id);
}

gboolean
mf_messages_store_spot (MfDb *db, const MfMessage *message, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE message SET folder = ?, place = ?, base = ?, flags = ?, keywords = ?"
                    " WHERE id = ?",
                    "iisisi", message->folder, (gint64) message->place, message->base,
                    (gint64) message->flags, message->keywords, message->id);
}

gboolean
mf_messages_set_home (MfDb *db, MfMsgId id, MfFolderId home, guint32 uid, GError **error)
{
  gint64 other = 0;

  if (uid != 0
      && !mf_db_number (db, 0, &other, error,
                        "SELECT id FROM message WHERE home = ? AND uid = ? AND id != ?", "iii",
                        home, (gint64) uid, id))
    return FALSE;
  if (other != 0 && !mf_messages_remove (db, other, error))
    return FALSE;
  return mf_db_run (db, error, "UPDATE message SET home = ?, uid = ?, modseq = 0 WHERE id = ?",
                    "nni", home, (gint64) uid, id);
}

gboolean
mf_messages_set_draft (MfDb *db, MfMsgId id, MfDraftKind draft, guint version, GError **error)
{
  return mf_db_run (db, error,
                    "UPDATE message SET draft = ?1, version = ?2"
                    " WHERE id = ?3 AND (draft != ?1 OR version != ?2)",
                    "iii", (gint64) draft, (gint64) version, id);
}

GArray *
mf_messages_drafts (MfDb *db, MfDraftKind draft, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (!mf_db_query (db, &query, error,
                    "SELECT id FROM message WHERE draft = ? AND draft != 0 ORDER BY id", "i",
                    (gint64) draft))
    return NULL;
  return read_ids (&query, error);
}

gboolean
mf_messages_set_date (MfDb *db, MfMsgId id, gint64 internaldate, GError **error)
{
  return mf_db_run (db, error, "UPDATE message SET internaldate = ? WHERE id = ?", "ii",
                    internaldate, id);
}

gboolean
mf_messages_split_remote (MfDb *db, const MfMessage *message, MfMsgId *out_tombstone,
                          GError **error)
{
  if (!mf_messages_set_home (db, message->id, 0, 0, error)
      || !mf_db_run (db, error,
                     "INSERT INTO message (folder, place, flags, keywords, internaldate, wire_size,"
                     " emailid, threadid, labels) SELECT COALESCE(?2, folder), ?3, flags, keywords,"
                     " internaldate, wire_size, emailid, threadid, labels FROM message WHERE id = ?1",
                     "ini", message->id, message->home, (gint64) MF_PLACE_GONE))
    return FALSE;
  *out_tombstone = mf_db_last_id (db);
  return mf_messages_set_home (db, *out_tombstone, message->home, message->uid, error);
}

/* (transfer full) @base and @suffix, no longer than a base may be. */
static char *
join_base (const char *base, const char *suffix)
{
  return g_strdup_printf ("%.*s%s", (int) (MF_BASE_MAX - strlen (suffix)), base, suffix);
}

char *
mf_messages_free_base (MfDb *db, MfFolderId folder, const char *base, GError **error)
{
  g_autofree char *name = join_base (base, "");

  for (guint n = 1;; n++)
    {
      g_autofree char *suffix = g_strdup_printf ("_%u", n);
      gint64 taken = 0;
      if (!mf_db_number (db, 0, &taken, error,
                         "SELECT 1 FROM message WHERE folder = ? AND (place = 2) = 0 AND base = ?"
                         " AND place < 3", /* as the index has it */
                         "is", folder, name))
        return NULL;
      if (taken == 0)
        return g_steal_pointer (&name);
      g_free (name);
      name = join_base (base, suffix);
    }
}
