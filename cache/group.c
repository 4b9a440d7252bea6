#include "cache/group.h"

#include "cache/messages.h"

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

/* What it waits for has not arrived, or it is still being written. */
static gboolean
must_wait (Builder *self, const MfChange *change, const MfMessage *subject)
{
  g_auto (MfMessage) before = { 0 };

  if (change->kind == MF_CHANGE_APPEND)
    return mf_drafts_is_held (self->drafts, change->message);
  if (subject->home == 0 || subject->uid == 0)
    return TRUE;
  return change->after != 0 && mf_messages_get (self->db, change->after, &before, NULL)
         && before.home == 0;
}

static gboolean
is_alike (const MfGroup *group, const MfChange *change, const MfMessage *subject)
{
  const MfChange *first = &g_array_index (group->changes, MfChange, 0);

  if (change->kind != group->kind || change->folder != group->target)
    return FALSE;
  if (change->kind != MF_CHANGE_APPEND && subject->home != group->home)
    return FALSE;
  return change->kind != MF_CHANGE_FLAGS
         || (change->add_flags == first->add_flags && change->remove_flags == first->remove_flags
             && g_strcmp0 (change->add_keywords, first->add_keywords) == 0
             && g_strcmp0 (change->remove_keywords, first->remove_keywords) == 0);
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
  MfChange entry = *change;
  MfMessage message;

  entry.add_keywords = g_strdup (change->add_keywords);
  entry.remove_keywords = g_strdup (change->remove_keywords);
  entry.error = g_strdup (change->error);
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

/* FALSE: the group ends here. */
static gboolean
consider (Builder *self, const MfChange *change)
{
  MfGroup *group = self->group;
  g_auto (MfMessage) subject = { 0 };
  gint64 key = change->message;

  if (g_hash_table_contains (self->passed, &key))
    return TRUE;
  gboolean fits = get_subject (self->db, change, &subject, NULL)
                  && !must_wait (self, change, &subject)
                  && (group->changes->len == 0 || is_alike (group, change, &subject));
  /* Whether it goes or stays, what follows for this message comes later. */
  g_hash_table_add (self->passed, g_memdup2 (&key, sizeof key));
  if (!fits)
    return TRUE;
  if (group->changes->len == 0)
    {
      start (group, change, &subject);
      return has_room (self, &subject);
    }
  if (!has_room (self, &subject))
    return FALSE;
  take (group, change, &subject);
  return TRUE;
}

static gboolean
is_of_folder (const MfChange *change)
{
  return change->message == 0;
}

static void
build (Builder *self, const GArray *entries)
{
  MfGroup *group = self->group;

  for (guint i = 0; i < entries->len; i++)
    {
      const MfChange *change = &g_array_index (entries, MfChange, i);
      if (is_of_folder (change))
        {
          /* It waits for everything before it. */
          if (i == 0)
            start (group, change, &(MfMessage){ 0 });
          return;
        }
      if (!consider (self, change))
        return;
    }
}

gboolean
mf_group_next (MfDb *db, MfDrafts *drafts, MfGroup *out, GError **error)
{
  g_autoptr (GArray) entries = mf_journal_list (db, MF_CHANGE_QUEUED, error);
  g_autoptr (GHashTable) passed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  Builder builder = { db, drafts, out, passed, 0 };

  if (entries == NULL)
    return FALSE;
  out->changes = g_array_new (FALSE, TRUE, sizeof (MfChange));
  g_array_set_clear_func (out->changes, (GDestroyNotify) mf_change_clear);
  out->messages = g_array_new (FALSE, TRUE, sizeof (MfMessage));
  g_array_set_clear_func (out->messages, (GDestroyNotify) mf_message_clear);
  build (&builder, entries);
  return out->changes->len > 0;
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
