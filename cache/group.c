#include "cache/group.h"

#include "cache/messages.h"
#include "cache/pending.h"

#define MOST_CHANGES 5000
#define MOST_UPLOADS 100
#define MOST_UPLOAD_BYTES (8 * 1024 * 1024)

void
mf_group_clear (MfGroup *group)
{
  g_clear_pointer (&group->changes, g_array_unref);
  g_clear_pointer (&group->messages, g_array_unref);
}

typedef struct
{
  MfDb *db;
  MfDrafts *drafts;
  MfGroup *group;
  GHashTable *passed; /* messages with an entry that stays behind */
  guint64 bytes;
} Builder;

/* The message whose place on the server the entry is about. */
static gboolean
get_subject (MfDb *db, const MfChange *change, MfMessage *out, GError **error)
{
  MfMsgId id = change->kind == MF_CHANGE_COPY ? change->source : change->message;

  return mf_messages_get (db, id, out, error);
}

/* The old text goes once the new one is where it shall be. */
static gboolean
is_superseded (Builder *self, MfMsgId after, GError **error)
{
  g_auto (MfMessage) next = { 0 };
  gboolean moving = FALSE;

  return !mf_messages_get (self->db, after, &next, NULL)
         || (next.home != 0 && mf_pending_is_moving (self->db, after, &moving, error) && !moving);
}

gboolean
mf_group_is_held (MfDrafts *drafts, const MfChange *change)
{
  return (change->kind == MF_CHANGE_APPEND || change->kind == MF_CHANGE_COPY)
         && mf_drafts_is_held (drafts, change->message);
}

/* @held: messages with an earlier entry that does. */
static gboolean
waits_for_writer (MfDrafts *drafts, GHashTable *held, const MfChange *change)
{
  return change->state == MF_CHANGE_QUEUED
         && (mf_group_is_held (drafts, change) || g_hash_table_contains (held, &change->message)
             || g_hash_table_contains (held, &change->source)
             || (change->after != 0 && mf_drafts_is_held (drafts, change->after)));
}

/* Whether it goes or stays, what follows for this message comes later.  Not so behind its
 * removal: a copy of it may have to be made first, and what the removal waits for (`after`),
 * which is its source where a move has left it behind, has to go on, or each would wait for
 * ever. */
static void
pass (GHashTable *passed, const MfChange *change)
{
  if (change->kind != MF_CHANGE_EXPUNGE)
    g_hash_table_add (passed, g_memdup2 (&change->message, sizeof change->message));
  if (change->kind == MF_CHANGE_COPY)
    g_hash_table_add (passed, g_memdup2 (&change->source, sizeof change->source));
}

MfSeq
mf_group_first_free (MfDb *db, MfDrafts *drafts)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  g_autoptr (GHashTable) held = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GError) error = NULL;
  MfSeq first = G_MAXINT64;
  MfChange change;

  /* By seq, so that it ends early. */
  if (!mf_db_query (db, &query, NULL,
                    "SELECT " MF_ENTRY_COLUMNS " FROM change NOT INDEXED"
                    " WHERE state IN (0, 1, 4) ORDER BY seq",
                    ""))
    return 0;
  while (first == G_MAXINT64 && mf_entry_next (&query, &change, &error))
    {
      if (!waits_for_writer (drafts, held, &change))
        first = change.seq;
      else
        pass (held, &change);
      mf_entry_clear (&change);
    }
  return error == NULL ? first : 0;
}

/* A copy of a copy that is not made yet is made of the old text too. */
static gboolean
is_copied (Builder *self, MfMsgId message)
{
  gint64 copied = 1;

  return !mf_db_number (self->db, 0, &copied, NULL,
                        "SELECT 1 FROM change WHERE source = ? AND kind = 2 AND state = 0 LIMIT 1",
                        "i", message)
         || copied != 0;
}

/* A copy of a copy that is not made yet may come behind the removal. */
static gboolean
waits_for_copy (Builder *self, const MfChange *change)
{
  return change->kind == MF_CHANGE_EXPUNGE && is_copied (self, change->message);
}

/* What it waits for has not arrived, or it is still being written. */
static gboolean
must_wait (Builder *self, const MfChange *change, const MfMessage *subject)
{
  if (mf_group_is_held (self->drafts, change))
    return TRUE;
  if (change->kind == MF_CHANGE_APPEND)
    return FALSE;
  if (subject->home == 0 || subject->uid == 0)
    return TRUE;
  return waits_for_copy (self, change)
         || (change->after != 0 && !is_superseded (self, change->after, NULL));
}

static gboolean
is_alike (const MfGroup *group, const MfChange *change, const MfMessage *subject)
{
  const MfChange *first = &g_array_index (group->changes, MfChange, 0);

  if (change->kind != group->kind || change->folder != group->target)
    return FALSE;
  if (change->kind != MF_CHANGE_APPEND && subject->home != group->home)
    return FALSE;
  if (change->kind == MF_CHANGE_EXPUNGE)
    return TRUE;
  return change->add_flags == first->add_flags && change->remove_flags == first->remove_flags
         && g_strcmp0 (change->add_keywords, first->add_keywords) == 0
         && g_strcmp0 (change->remove_keywords, first->remove_keywords) == 0;
}

static gboolean
has_room (Builder *self, const MfMessage *subject)
{
  if (self->group->kind != MF_CHANGE_APPEND)
    return self->group->changes->len < MOST_CHANGES;
  self->bytes += subject->size;
  return self->group->changes->len < MOST_UPLOADS && self->bytes < MOST_UPLOAD_BYTES;
}

static void
take (MfGroup *group, const MfChange *change, const MfMessage *subject)
{
  MfChange entry;
  MfMessage message;

  mf_entry_copy (change, &entry);
  g_array_append_val (group->changes, entry);
  mf_message_copy (subject, &message);
  g_array_append_val (group->messages, message);
}

static void
start (MfGroup *group, const MfChange *change, const MfMessage *subject)
{
  group->kind = change->kind;
  group->home = change->kind == MF_CHANGE_APPEND ? 0 : subject->home;
  group->target = change->folder;
  take (group, change, subject);
}

static gboolean
is_passed (Builder *self, const MfChange *change)
{
  return g_hash_table_contains (self->passed, &change->message)
         || (change->kind == MF_CHANGE_COPY
             && g_hash_table_contains (self->passed, &change->source));
}

/* FALSE: the group ends here. */
static gboolean
add (Builder *self, const MfChange *change, const MfMessage *subject)
{
  if (self->group->changes->len == 0)
    {
      start (self->group, change, subject);
      return has_room (self, subject);
    }
  if (!is_alike (self->group, change, subject))
    return TRUE;
  if (!has_room (self, subject))
    return FALSE;
  take (self->group, change, subject);
  return TRUE;
}

/* What a copy is to be made of was on the server, and may be here alone by now. */
static gboolean
has_subject (Builder *self, const MfChange *change, MfMessage *out)
{
  return get_subject (self->db, change, out, NULL)
         && (change->kind != MF_CHANGE_COPY || out->home != 0);
}

static gboolean
consider (Builder *self, const MfChange *change)
{
  g_auto (MfMessage) subject = { 0 };
  gboolean goes = !is_passed (self, change);

  pass (self->passed, change);
  if (!goes)
    return TRUE;
  if (has_subject (self, change, &subject))
    return must_wait (self, change, &subject) || add (self, change, &subject);
  if (self->group->changes->len > 0)
    return TRUE;
  start (self->group, change, &subject);
  self->group->lost = TRUE;
  return FALSE;
}

/* A change of a folder waits for everything before it but for what waits for
 * something that may come after it. */
static void
build (Builder *self, const GArray *entries)
{
  gboolean first = TRUE;

  for (guint i = 0; i < entries->len; i++)
    {
      const MfChange *change = &g_array_index (entries, MfChange, i);
      if (change->message == 0)
        {
          if (first)
            start (self->group, change, &(MfMessage){ 0 });
          return;
        }
      if (!consider (self, change))
        return;
      first = first && self->group->changes->len == 0
              && (change->after != 0 || waits_for_copy (self, change));
    }
}

gboolean
mf_group_next (MfDb *db, MfDrafts *drafts, MfGroup *out, GError **error)
{
  g_autoptr (GArray) entries = mf_pending_list (db, MF_CHANGE_QUEUED, error);
  g_autoptr (GHashTable) passed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  Builder builder = { db, drafts, out, passed, 0 };

  if (entries == NULL)
    return FALSE;
  out->changes = g_array_new (FALSE, TRUE, sizeof (MfChange));
  g_array_set_clear_func (out->changes, (GDestroyNotify) mf_entry_clear);
  out->messages = g_array_new (FALSE, TRUE, sizeof (MfMessage));
  g_array_set_clear_func (out->messages, (GDestroyNotify) mf_message_clear);
  build (&builder, entries);
  return out->changes->len > 0;
}

void
mf_group_shorten (MfGroup *group, guint n)
{
  if (n < group->changes->len)
    {
      g_array_set_size (group->changes, n);
      g_array_set_size (group->messages, n);
    }
}

void
mf_group_drop (MfGroup *group, guint i)
{
  g_array_remove_index (group->changes, i);
  g_array_remove_index (group->messages, i);
}

guint32
mf_group_uid (const MfGroup *group, guint i)
{
  return g_array_index (group->messages, MfMessage, i).uid;
}

MfUidSet *
mf_group_uids (const MfGroup *group)
{
  MfUidSet *uids = mf_uidset_new ();

  for (guint i = 0; i < group->messages->len; i++)
    mf_uidset_add (uids, mf_group_uid (group, i));
  return uids;
}
