#include "cache/download.h"

#include "cache/error.h"
#include "cache/folders.h"
#include "cache/messages.h"

#define GROUP_MESSAGES 64
#define GROUP_BYTES (1024 * 1024)

/* A message, and which of its contents. */
typedef struct
{
  MfMsgId id;
  guint version;
} Asked;

typedef struct
{
  Asked asked;
  MfBodyPlace place;
} Arrived;

typedef struct
{
  MfDb *db;
  MfLink *link;
  MfFolderId folder;
  MfBodies *bodies;
  MfBodyWriter *writer;
  const MfDownloadSource *source;
  gpointer user_data;
  GHashTable *asked; /* UID -> Asked, no answer yet */
  GArray *group;     /* of Arrived, not committed yet */
  guint64 group_bytes;
  gboolean second, asked_again; /* the round for what did not come in the first */
  GError *busy;      /* (nullable) the server wants to be left alone */
} Download;

static void
tell (Download *self, MfMsgId id, const GError *error)
{
  g_auto (MfMessage) message = { 0 };
  gboolean known = mf_messages_get (self->db, id, &message, NULL);

  self->source->done (id, known ? &message : NULL, error, self->user_data);
}

/* ---- storing ---------------------------------------------------------- */

/* Unless the message is gone, when its body would never go, or was written anew while
 * this was on its way: then it is the text of before. */
static gboolean
store_one (Download *self, const Arrived *arrived, GError **error)
{
  const Asked *asked = &arrived->asked;
  gint64 counts = 0;

  return mf_db_number (self->db, 0, &counts, error,
                       "SELECT 1 FROM message WHERE id = ? AND version = ? AND draft = 0", "ii",
                       asked->id, (gint64) asked->version)
         && (counts == 0 || self->source->is_held (asked->id, self->user_data)
             || mf_bodies_put (self->bodies, self->db, asked->id, &arrived->place, error));
}

static gboolean
commit_group (Download *self, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_bodywriter_flush (self->writer, error) || !mf_db_begin (self->db, &txn, error))
    return FALSE;
  for (guint i = 0; i < self->group->len; i++)
    if (!store_one (self, &g_array_index (self->group, Arrived, i), error))
      return FALSE;
  return mf_db_commit (&txn, error);
}

static void
store_group (Download *self)
{
  g_autoptr (GError) error = NULL;

  if (self->group->len == 0)
    return;
  commit_group (self, &error);
  for (guint i = 0; i < self->group->len; i++)
    tell (self, g_array_index (self->group, Arrived, i).asked.id, error);
  g_array_set_size (self->group, 0);
  self->group_bytes = 0;
}

/* ---- the sink --------------------------------------------------------- */

/* Those that did not come the first time. */
static gboolean
next_again (Download *self, MfUidSet *batch)
{
  GHashTableIter iter;
  gpointer uid;

  if (self->asked_again)
    return FALSE;
  self->asked_again = TRUE;
  g_hash_table_iter_init (&iter, self->asked);
  while (g_hash_table_iter_next (&iter, &uid, NULL))
    mf_uidset_add (batch, GPOINTER_TO_UINT (uid));
  return TRUE;
}

/* *@out is of what has that UID, if that is of the mailbox that is open. */
static gboolean
is_there (Download *self, const MfWanted *one, Asked *out)
{
  gint64 version = -1;

  if (!mf_db_number (self->db, -1, &version, NULL,
                     "SELECT version FROM message JOIN folder ON folder.id = home"
                     " WHERE message.id = ? AND home = ? AND uid = ? AND uidvalidity = ?",
                     "iiii", one->id, self->folder, (gint64) one->uid,
                     (gint64) self->link->selected.uidvalidity))
    return FALSE;
  *out = (Asked){ one->id, (guint) version };
  return version >= 0;
}

static void
pass_by (Download *self, MfMsgId id)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  if (mf_messages_get (self->db, id, &message, &error) && message.home != 0)
    {
      self->source->elsewhere (&message, self->user_data);
      return;
    }
  if (error == NULL)
    g_set_error_literal (&error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "not on the server");
  tell (self, id, error);
}

static void
ask (Download *self, const MfWanted *one, MfUidSet *batch)
{
  Asked asked;

  if (!is_there (self, one, &asked))
    {
      pass_by (self, one->id);
      return;
    }
  mf_uidset_add (batch, one->uid);
  g_hash_table_insert (self->asked, GUINT_TO_POINTER (one->uid),
                       g_memdup2 (&asked, sizeof asked));
}

static gboolean
on_next (MfUidSet *batch, gpointer user_data)
{
  Download *self = user_data;
  g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (MfWanted));

  if (self->busy != NULL)
    return FALSE;
  if (self->second)
    return next_again (self, batch);
  while (mf_uidset_is_empty (batch))
    {
      g_array_set_size (wanted, 0);
      if (!self->source->next (wanted, self->user_data))
        return FALSE;
      for (guint i = 0; i < wanted->len; i++)
        ask (self, &g_array_index (wanted, MfWanted, i), batch);
    }
  return TRUE;
}

static void
on_begin (gpointer user_data)
{
  Download *self = user_data;

  /* A sweep spares what a writer is at; what it has left must have its rows. */
  if (mf_bodywriter_is_full (self->writer))
    store_group (self);
  mf_bodywriter_begin (self->writer, self->db);
}

static void
on_data (const char *bytes, gsize size, gpointer user_data)
{
  Download *self = user_data;

  mf_bodywriter_write (self->writer, bytes, size);
}

static void
add_to_group (Download *self, const Asked *asked)
{
  Arrived arrived = { .asked = *asked };
  g_autoptr (GError) error = NULL;

  if (!mf_bodywriter_finish (self->writer, &arrived.place, &error))
    {
      tell (self, asked->id, error);
      return;
    }
  g_array_append_val (self->group, arrived);
  self->group_bytes += arrived.place.size;
  if (self->group->len >= GROUP_MESSAGES || self->group_bytes >= GROUP_BYTES
      || self->source->is_urgent (asked->id, self->user_data))
    store_group (self);
}

static void
on_end (guint32 uid, gboolean complete, gpointer user_data)
{
  Download *self = user_data;
  gpointer key = NULL, value = NULL;

  if (!g_hash_table_steal_extended (self->asked, GUINT_TO_POINTER (uid), &key, &value))
    {
      mf_bodywriter_drop (self->writer);
      return;
    }
  g_autofree Asked *asked = value;
  if (complete)
    {
      add_to_group (self, asked);
      return;
    }
  g_autoptr (GError) error = g_error_new (MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT,
                                          "the server has no content for UID %u", uid);
  mf_bodywriter_drop (self->writer);
  tell (self, asked->id, error);
}

/* What a batch asked for and did not get will not come. */
static void
on_answered (const MfUidSet *batch, const GError *refusal, gpointer user_data)
{
  Download *self = user_data;
  guint n = 0;
  const MfUidRange *ranges = mf_uidset_ranges (batch, &n);

  store_group (self);
  if (g_error_matches (refusal, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY) && self->busy == NULL)
    self->busy = g_error_copy (refusal);
  if (self->busy != NULL)
    return; /* no message's fault */
  if (refusal == NULL && !self->second)
    return; /* asked for once more: this session may not have seen it yet */
  for (guint i = 0; i < n; i++)
    for (guint64 uid = ranges[i].first; uid <= ranges[i].last; uid++)
      {
        gpointer value = NULL;
        if (!g_hash_table_steal_extended (self->asked, GUINT_TO_POINTER ((guint) uid), NULL,
                                          &value))
          continue;
        g_autofree Asked *asked = value;
        g_autoptr (GError) error = g_error_new (
            MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT, "the server did not send UID %u: %s",
            (guint) uid, refusal != NULL ? refusal->message : "no reason given");
        tell (self, asked->id, error);
      }
}

/* ---- all together ----------------------------------------------------- */

static void
fail_rest (Download *self, const GError *error)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->asked);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      MfMsgId id = ((Asked *) value)->id;
      g_hash_table_iter_remove (&iter);
      tell (self, id, error);
    }
}

static gboolean
is_numbered (MfLink *link, guint32 uidvalidity, GError **error)
{
  if (link->selected.uidvalidity == uidvalidity)
    return TRUE;
  g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT,
               "the mailbox has been made anew: UIDVALIDITY %u is %u now", uidvalidity,
               link->selected.uidvalidity);
  return FALSE;
}

static gboolean
select_folder (MfDb *db, MfLink *link, MfFolderId id, GError **error)
{
  g_auto (MfFolder) folder = { 0 };

  if (!mf_folders_get (db, id, &folder, error))
    return FALSE;
  if (folder.mailbox == NULL)
    {
      g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND,
                           "the folder is not on the server");
      return FALSE;
    }
  return mf_link_select (link, folder.mailbox, TRUE, error)
         && is_numbered (link, folder.uidvalidity, error);
}

static gboolean
run (Download *self, MfLink *link, GError **error)
{
  static const MfBodySink sink = { on_next, on_begin, on_data, on_end, on_answered };
  guint32 uidvalidity = link->selected.uidvalidity;

  if (!link->ops->bodies (link->remote, &sink, self, link->cancellable, error))
    return FALSE;
  if (self->busy == NULL && g_hash_table_size (self->asked) > 0)
    {
      self->second = TRUE;
      if (!mf_link_reselect (link, error) || !is_numbered (link, uidvalidity, error)
          || !link->ops->bodies (link->remote, &sink, self, link->cancellable, error))
        return FALSE;
    }
  if (self->busy != NULL)
    g_propagate_error (error, g_error_copy (self->busy));
  return self->busy == NULL;
}

gboolean
mf_download (MfDb *db, MfBodies *bodies, MfBodyWriter *writer, MfLink *link, MfFolderId folder,
             const MfDownloadSource *source, gpointer user_data, GError **error)
{
  g_autoptr (GHashTable) asked = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr (GArray) group = g_array_new (FALSE, FALSE, sizeof (Arrived));
  Download self = { db, link, folder, bodies, writer, source, user_data, asked, group, 0 };
  g_autoptr (GError) local = NULL;

  if (!select_folder (db, link, folder, error))
    return FALSE;
  gboolean ok = run (&self, link, &local);
  store_group (&self);
  g_autoptr (GError) each
      = ok ? g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "not on the server")
           : g_error_copy (local);
  mf_error_from_remote (&each);
  fail_rest (&self, each);
  g_clear_error (&self.busy);
  if (ok)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
