/* Everything is decided in memory, before anything is stored: two rows for one
 * message are a few dozen bytes each. */
#include "cache/rematch.h"

#include <stdlib.h>

#include "cache/content.h"
#include "cache/folders.h"
#include "cache/messages.h"
#include "cache/update.h"

#define BATCH 1000
/* So many UIDs that nobody asked about are cheaper than another command. */
#define GAP 50

/* A message that has lost its UID, or one that is listed aside. */
typedef struct
{
  MfMsgId id;
  guint32 uid;
  gint64 date;
  guint64 size;
  MfFlags flags;    /* what was removed and not expunged is \Deleted there */
  char *keywords;   /* (nullable) */
  char *emailid;    /* (nullable) */
  char *message_id; /* (nullable) not known */
  gboolean content; /* is here */
  gboolean pending; /* changes wait for it */
  MfMsgId found;    /* its counterpart, 0: none yet, */
  gboolean likely;  /* which is one of several that look alike */
} One;

typedef struct
{
  MfSettle *settle;
  MfDb *db; /* of settle */
  MfLink *link;
  const MfFolder *folder;
  GArray *lost, *listed; /* of One: without a UID, and aside */
  MfUidSet *asked;       /* whose Message-IDs are to be known */
} Rematch;

/* Those of both that may be the same. */
typedef struct
{
  GPtrArray *lost, *listed; /* of One */
} Group;

static void
clear_one (gpointer data)
{
  One *one = data;

  g_free (one->keywords);
  g_free (one->emailid);
  g_free (one->message_id);
}

static void
free_group (gpointer data)
{
  Group *group = data;

  g_ptr_array_unref (group->lost);
  g_ptr_array_unref (group->listed);
  g_free (group);
}

/* ---- what there is ---------------------------------------------------- */

#define IS_PENDING                                                                                 \
  "(EXISTS (SELECT 1 FROM change WHERE change.message = message.id AND state != 3)"                \
  " OR EXISTS (SELECT 1 FROM change WHERE change.source = message.id AND state != 3))"

static gboolean
load (Rematch *self, GArray *out, const char *which, GError **error)
{
  g_autofree char *sql = g_strconcat (
      "SELECT id, uid, internaldate, wire_size, emailid,"
      " draft OR EXISTS (SELECT 1 FROM body WHERE body.message = message.id), " IS_PENDING
      ", flags | CASE place WHEN 3 THEN 32 ELSE 0 END, keywords FROM message WHERE home = ? AND ",
      which, NULL);
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;

  g_array_set_clear_func (out, clear_one);
  if (!mf_db_query (self->db, &query, error, sql, "i", self->folder->id))
    return FALSE;
  while (mf_db_next (&query, &local))
    {
      One one = { .id = mf_db_int (&query, 0),
                  .uid = (guint32)mf_db_int (&query, 1),
                  .date = mf_db_int (&query, 2),
                  .size = (guint64)mf_db_int (&query, 3),
                  .emailid = g_strdup (mf_db_text (&query, 4)),
                  .content = mf_db_int (&query, 5) != 0,
                  .pending = mf_db_int (&query, 6) != 0,
                  .flags = (MfFlags)mf_db_int (&query, 7),
                  .keywords = g_strdup (mf_db_text (&query, 8)) };
      g_array_append_val (out, one);
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

/* What @one can be told by; NULL: not in this way. */
typedef char *(*Key) (const One *one);

static char *
key_emailid (const One *one)
{
  return g_strdup (one->emailid);
}

static char *
key_size (const One *one)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT, one->size);
}

static char *
key_size_and_date (const One *one)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT, one->size, one->date);
}

/* Date and size make up for a missing Message-ID as far as they can. */
static char *
key_message_id_and_date (const One *one)
{
  return one->message_id == NULL ? NULL
                                 : g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %s",
                                                    one->size, one->date, one->message_id);
}

static char *
key_message_id (const One *one)
{
  return one->message_id == NULL || *one->message_id == '\0'
             ? NULL
             : g_strdup_printf ("%" G_GUINT64_FORMAT " %s", one->size, one->message_id);
}

static void
sort_in (GHashTable *groups, One *one, gboolean lost, Key key)
{
  g_autofree char *name = one->found == 0 ? key (one) : NULL;
  Group *group = name != NULL ? g_hash_table_lookup (groups, name) : NULL;

  if (name == NULL)
    return;
  if (group == NULL)
    {
      group = g_new0 (Group, 1);
      group->lost = g_ptr_array_new ();
      group->listed = g_ptr_array_new ();
      g_hash_table_insert (groups, g_steal_pointer (&name), group);
    }
  g_ptr_array_add (lost ? group->lost : group->listed, one);
}

/* Those that have not been found yet.  @content: of the lost, only those whose content
 * is here. */
static GHashTable *
group_by (Rematch *self, Key key, gboolean content)
{
  GHashTable *groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_group);

  for (guint i = 0; i < self->lost->len; i++)
    if (!content || g_array_index (self->lost, One, i).content)
      sort_in (groups, &g_array_index (self->lost, One, i), TRUE, key);
  for (guint i = 0; i < self->listed->len; i++)
    sort_in (groups, &g_array_index (self->listed, One, i), FALSE, key);
  return groups;
}

typedef gboolean (*Match) (Rematch *self, const Group *group, GError **error);

static gboolean
match_groups (Rematch *self, Key key, gboolean content, Match match, GError **error)
{
  g_autoptr (GHashTable) groups = group_by (self, key, content);
  GHashTableIter iter;
  gpointer group;

  g_hash_table_iter_init (&iter, groups);
  while (g_hash_table_iter_next (&iter, NULL, &group))
    if (((Group *)group)->lost->len > 0 && ((Group *)group)->listed->len > 0
        && !match (self, group, error))
      return FALSE;
  return TRUE;
}

/* ---- pairs ------------------------------------------------------------ */

static void
pair (One *lost, One *listed)
{
  lost->found = listed->id;
  listed->found = lost->id;
}

static gboolean
is_alike (const One *lost, const One *listed)
{
  return !lost->pending && lost->flags == listed->flags
         && g_strcmp0 (lost->keywords, listed->keywords) == 0;
}

/* By digests (nullable: all are the same). */
static gboolean
is_same (const GPtrArray *lost, guint i, const GPtrArray *listed, guint j)
{
  return lost == NULL
         || (lost->pdata[i] != NULL && g_strcmp0 (lost->pdata[i], listed->pdata[j]) == 0);
}

static void
pair_same (const Group *group, const GPtrArray *lost_digests, const GPtrArray *listed_digests,
           gboolean alike)
{
  guint first = 0; /* all before it have been found */

  for (guint j = 0; j < group->listed->len; j++)
    {
      One *listed = group->listed->pdata[j];
      while (first < group->lost->len && ((One *)group->lost->pdata[first])->found != 0)
        first++;
      for (guint i = first; i < group->lost->len && listed->found == 0; i++)
        {
          One *lost = group->lost->pdata[i];
          if (lost->found == 0 && is_same (lost_digests, i, listed_digests, j)
              && (!alike || is_alike (lost, listed)))
            pair (lost, listed);
        }
    }
}

/* Of several that have one content each is the one with its flags, if nothing waits for it. */
static void
pair_all (const Group *group, const GPtrArray *lost_digests, const GPtrArray *listed_digests)
{
  pair_same (group, lost_digests, listed_digests, TRUE);
  pair_same (group, lost_digests, listed_digests, FALSE);
}

/* All of @group have one content. */
static gboolean
match_equal (Rematch *self, const Group *group, GError **error)
{
  pair_all (group, NULL, NULL);
  return TRUE;
}

/* Nothing but date and size is known: a group that has lost or got one is not what it
 * was, and a change waits for one certain message. */
static gboolean
match_likely (Rematch *self, const Group *group, GError **error)
{
  if (group->lost->len != group->listed->len)
    return TRUE;
  for (guint i = 0; i < group->lost->len; i++)
    {
      One *lost = group->lost->pdata[i];
      if (lost->content || (group->lost->len > 1 && lost->pending))
        continue;
      pair (lost, group->listed->pdata[i]);
      lost->likely = group->lost->len > 1;
    }
  return TRUE;
}

/* ---- content ---------------------------------------------------------- */

static char *
digest_of (Rematch *self, const One *lost)
{
  g_auto (MfMessage) row = { 0 };

  return mf_messages_get (self->db, lost->id, &row, NULL) ? mf_content_digest (self->settle, &row)
                                                          : NULL;
}

/* (transfer full) (element-type utf8) of the lost; *@out_same: there is but one. */
static GPtrArray *
digest_all (Rematch *self, const Group *group, gboolean *out_same)
{
  GPtrArray *digests = g_ptr_array_new_with_free_func (g_free);

  *out_same = TRUE;
  for (guint i = 0; i < group->lost->len; i++)
    {
      g_ptr_array_add (digests, digest_of (self, group->lost->pdata[i]));
      *out_same &= g_strcmp0 (digests->pdata[i], digests->pdata[0]) == 0;
    }
  return digests;
}

static gboolean
fetch_and_pair (Rematch *self, const Group *group, const GPtrArray *lost_digests, GError **error)
{
  g_autoptr (GPtrArray) listed_digests = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < group->listed->len; i++)
    {
      GError *local = NULL;
      char *digest = mf_content_fetch_digest (self->link, ((One *)group->listed->pdata[i])->uid,
                                              &local);
      g_ptr_array_add (listed_digests, digest);
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
    }
  pair_all (group, lost_digests, listed_digests);
  return TRUE;
}

/* A Message-ID says enough, unless several texts had the same. */
static gboolean
match_content (Rematch *self, const Group *group, GError **error)
{
  const One *first = group->lost->pdata[0];
  gboolean same = TRUE;
  g_autoptr (GPtrArray) digests = NULL;

  if (group->lost->len > 1 || *first->message_id == '\0')
    digests = digest_all (self, group, &same);
  if (same && *first->message_id != '\0')
    return match_equal (self, group, error);
  return fetch_and_pair (self, group, digests, error);
}

static void
learn_own_message_ids (Rematch *self)
{
  for (guint i = 0; i < self->lost->len; i++)
    {
      One *lost = &g_array_index (self->lost, One, i);
      g_auto (MfMessage) row = { 0 };
      if (lost->content && lost->found == 0 && mf_messages_get (self->db, lost->id, &row, NULL))
        lost->message_id = mf_content_message_id (self->settle, &row);
    }
}

static gboolean
want_message_ids (Rematch *self, const Group *group, GError **error)
{
  for (guint i = 0; i < group->listed->len; i++)
    mf_uidset_add (self->asked, ((One *)group->listed->pdata[i])->uid);
  return TRUE;
}

static int
compare_uid (const void *uid, const void *one)
{
  guint32 a = *(const guint32 *)uid, b = ((const One *)one)->uid;

  return a < b ? -1 : a > b;
}

static void
on_message_id (const MfRemoteMessage *message, gpointer user_data)
{
  GArray *listed = user_data;
  One *one = bsearch (&message->uid, listed->data, listed->len, sizeof (One), compare_uid);

  if (one != NULL && one->message_id == NULL)
    one->message_id = g_strndup (message->message_id, MF_MESSAGE_ID_BYTES);
}

static gboolean
fetch_message_ids (Rematch *self, GError **error)
{
  static const MfChangeSink sink = { on_message_id, NULL };
  guint n = 0;
  const MfUidRange *ranges;

  mf_uidset_close_gaps (self->asked, GAP);
  ranges = mf_uidset_ranges (self->asked, &n);
  for (guint i = 0; i < n; i++)
    if (!self->link->ops->fetch (self->link->remote, ranges[i].first, ranges[i].last,
                                 MF_FETCH_MESSAGE_ID, 0, &sink, self->listed,
                                 self->link->cancellable, error))
      return FALSE;
  return TRUE;
}

static gboolean
match (Rematch *self, GError **error)
{
  if (!match_groups (self, key_emailid, FALSE, match_equal, error)
      || !match_groups (self, key_size, TRUE, want_message_ids, error)
      || !fetch_message_ids (self, error))
    return FALSE;
  learn_own_message_ids (self);
  return match_groups (self, key_message_id_and_date, TRUE, match_content, error)
         && match_groups (self, key_message_id, TRUE, match_content, error)
         && match_groups (self, key_size_and_date, FALSE, match_likely, error);
}

/* ---- storing ---------------------------------------------------------- */

static MfRemoteMessage
as_told (const MfMessage *listed)
{
  return (MfRemoteMessage){ .uid = listed->uid,
                            .has_flags = TRUE,
                            .flags = listed->flags,
                            .keywords = listed->keywords,
                            .modseq = listed->modseq,
                            .labels = listed->labels };
}

/* Where the date was lost on the way, the file's time moves. */
static gboolean
tell_date (Rematch *self, const MfMessage *lost, GError **error)
{
  g_auto (MfMessage) now = { 0 };

  if (!mf_messages_get (self->db, lost->id, &now, error))
    return FALSE;
  if (now.internaldate != lost->internaldate && now.place != MF_PLACE_GONE)
    mf_news_add (self->settle->news, MF_EVENT_MESSAGE_CHANGED, now.folder, lost, &now);
  return TRUE;
}

/* Of the two rows, the lost one stays: its id is what readers know. */
static gboolean
become_one (Rematch *self, MfMessage *lost, const MfMessage *listed, GError **error)
{
  MfRemoteMessage told = as_told (listed);
  gboolean seen = FALSE;

  lost->uid = listed->uid;
  lost->modseq = 0;
  return mf_messages_remove (self->db, listed->id, error)
         && mf_messages_set_home (self->db, lost->id, self->folder->id, listed->uid, error)
         && mf_db_run (
             self->db, error,
             "UPDATE message SET internaldate = ?, emailid = ?, threadid = ? WHERE id = ?", "issi",
             listed->internaldate, listed->emailid, listed->threadid, lost->id)
         && tell_date (self, lost, error)
         && mf_update_message (self->settle, lost, &told, &seen, error);
}

/* A change has come to wait for it since it was paired. */
static gboolean
forget_unlikely (Rematch *self, One *one, GError **error)
{
  gint64 pending = 0;

  if (!one->likely)
    return TRUE;
  if (!mf_db_number (self->db, 0, &pending, error,
                     "SELECT " IS_PENDING " FROM message WHERE id = ?", "i", one->id))
    return FALSE;
  if (pending != 0)
    one->found = 0;
  return TRUE;
}

/* Either may have gone, or been found, meanwhile. */
static gboolean
store_one (Rematch *self, One *one, GError **error)
{
  g_auto (MfMessage) lost = { 0 };
  g_auto (MfMessage) listed = { 0 };

  if (!forget_unlikely (self, one, error))
    return FALSE;
  if (one->found == 0 || !mf_messages_get (self->db, one->id, &lost, NULL)
      || !mf_messages_get (self->db, one->found, &listed, NULL) || lost.home != self->folder->id
      || lost.uid != 0)
    return TRUE;
  return become_one (self, &lost, &listed, error);
}

/* What has not been found by now is not there. */
static gboolean
give_up_one (Rematch *self, One *one, GError **error)
{
  g_auto (MfMessage) lost = { 0 };

  return one->found != 0 || !mf_messages_get (self->db, one->id, &lost, NULL)
         || lost.home != self->folder->id || lost.uid != 0
         || mf_settle_vanished (self->settle, &lost, error);
}

typedef gboolean (*Store) (Rematch *self, One *one, GError **error);

static gboolean
store_some (Rematch *self, guint first, Store store, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_db_begin (self->db, &txn, error))
    return FALSE;
  for (guint i = first; i < MIN (first + BATCH, self->lost->len); i++)
    if (!store (self, &g_array_index (self->lost, One, i), error))
      return FALSE;
  return mf_folders_count (self->db, self->folder->id, error) && mf_db_commit (&txn, error);
}

static gboolean
store_all (Rematch *self, Store store, GError **error)
{
  for (guint i = 0; i < self->lost->len; i += BATCH)
    if (!store_some (self, i, store, error))
      return FALSE;
  return TRUE;
}

static gboolean
run (MfSettle *settle, MfLink *link, const MfFolder *folder, GError **error)
{
  g_autoptr (GArray) lost = g_array_new (FALSE, TRUE, sizeof (One));
  g_autoptr (GArray) listed = g_array_new (FALSE, TRUE, sizeof (One));
  g_autoptr (MfUidSet) asked = mf_uidset_new ();
  Rematch self = { settle, settle->db, link, folder, lost, listed, asked };

  return load (&self, lost, "uid IS NULL ORDER BY id", error)
         && load (&self, listed, "folder = 0 ORDER BY uid", error) && match (&self, error)
         && store_all (&self, store_one, error) && store_all (&self, give_up_one, error);
}

/* What a new text has meanwhile taken the place of has a row of its own, which nobody has
 * looked for.  That of our own move is found by recover.h. */
static gboolean
is_complete (MfDb *db, const MfFolder *folder, gboolean *out, GError **error)
{
  gint64 left = 0;

  if (!mf_db_number (db, 0, &left, error,
                     "SELECT 1 FROM message WHERE home = ? AND uid IS NULL AND NOT EXISTS"
                     " (SELECT 1 FROM change WHERE change.message = message.id AND kind = 1"
                     "  AND state IN (1, 4)) LIMIT 1",
                     "i", folder->id))
    return FALSE;
  *out = left == 0;
  return TRUE;
}

gboolean
mf_rematch_run (MfSettle *settle, MfLink *link, const MfFolder *folder, GError **error)
{
  gboolean complete = FALSE;

  while (!complete)
    if (!run (settle, link, folder, error) || !is_complete (settle->db, folder, &complete, error))
      return FALSE;
  return TRUE;
}

gboolean
mf_rematch_show_rest (MfSettle *settle, const MfFolder *folder, GError **error)
{
  g_autoptr (GArray) ids = mf_messages_ids_aside (settle->db, folder->id, error);

  if (ids == NULL
      || !mf_db_run (settle->db, error,
                     "UPDATE message SET folder = home WHERE home = ? AND folder = 0", "i",
                     folder->id))
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    {
      g_auto (MfMessage) shown = { 0 };
      if (!mf_messages_get (settle->db, g_array_index (ids, MfMsgId, i), &shown, error)
          || !mf_folders_touch (settle->db, folder->id, shown.place, error))
        return FALSE;
      if (folder->known)
        mf_news_add (settle->news, MF_EVENT_MESSAGE_ADDED, folder->id, NULL, &shown);
    }
  return TRUE;
}
