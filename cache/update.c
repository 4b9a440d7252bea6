#include "cache/update.h"

#include "cache/folders.h"
#include "cache/journal.h"
#include "cache/keywords.h"
#include "cache/labels.h"
#include "cache/messages.h"
#include "cache/pending.h"

static gboolean
says_nothing_new (const MfMessage *known, const MfRemoteMessage *remote)
{
  return (!remote->has_flags
          || (known->flags == remote->flags && g_strcmp0 (known->keywords, remote->keywords) == 0))
         && (remote->labels == NULL || g_strcmp0 (known->labels, remote->labels) == 0);
}

/* Of what was uploaded a server tells ids, and may have changed date and size: it is
 * found again by what it says. */
static gboolean
is_told_apart (const MfMessage *known, const MfRemoteMessage *remote)
{
  return (remote->emailid != NULL && g_strcmp0 (known->emailid, remote->emailid) != 0)
         || (remote->threadid != NULL && g_strcmp0 (known->threadid, remote->threadid) != 0)
         || (remote->size != 0 && known->wire_size != remote->size);
}

/* A name that was generated goes by the date. */
static gboolean
has_other_date (const MfMessage *known, const MfRemoteMessage *remote)
{
  return known->base != NULL && remote->internaldate != 0
         && known->internaldate != remote->internaldate;
}

/* In the folder where readers see it, if anywhere. */
static gboolean
tell (MfSettle *self, const MfMessage *before, const MfMessage *after, gboolean *out_seen,
      GError **error)
{
  *out_seen = after->place != MF_PLACE_GONE && after->folder != 0;
  if (!*out_seen)
    return TRUE;
  mf_news_add (self->news, MF_EVENT_MESSAGE_CHANGED, after->folder, before, after);
  return mf_folders_touch (self->db, after->folder, after->place, error)
         && (before->place == after->place
             || mf_folders_touch (self->db, before->folder, before->place, error));
}

/* A new text that is still to be sent gets the flags that the old one has got since, but for
 * \Deleted: that is how the old one goes. */
static gboolean
hand_on (MfSettle *self, MfMessage *old, const MfRemoteMessage *now, gboolean *out_seen,
         GError **error)
{
  g_autofree char *more = mf_keywords_remove (now->keywords, old->keywords);
  g_autofree char *less = mf_keywords_remove (old->keywords, now->keywords);
  MfFlags add = now->flags & ~old->flags & ~MF_FLAG_DELETED, remove = old->flags & ~now->flags;
  g_auto (MfMessage) before = { 0 };
  g_auto (MfMessage) after = { 0 };
  MfMsgId id = 0;

  if (!mf_pending_successor (self->db, old->id, &id, error))
    return FALSE;
  if (id == 0 || !mf_messages_get (self->db, id, &before, NULL))
    return TRUE;
  mf_message_copy (&before, &after);
  after.flags = (before.flags | add) & ~remove;
  if (after.flags != 0 && after.place == MF_PLACE_NEW)
    after.place = MF_PLACE_CUR;
  g_autofree char *all = mf_keywords_add (before.keywords, more);
  g_free (after.keywords);
  after.keywords = mf_keywords_remove (all, less);
  g_free (old->keywords);
  old->keywords = g_strdup (now->keywords);
  old->flags = now->flags;
  return mf_messages_store_spot (self->db, &after, error)
         && mf_journal_flags (self->db, id, after.flags & ~before.flags,
                              before.flags & ~after.flags, more, less, error)
         && tell (self, &before, &after, out_seen, error);
}

gboolean
mf_update_message (MfSettle *self, MfMessage *known, const MfRemoteMessage *remote,
                   gboolean *out_seen, GError **error)
{
  g_auto (MfMessage) before = { 0 };
  g_autofree char *keywords = g_strdup (remote->keywords);
  g_autofree char *labels = g_strdup (remote->labels);
  MfRemoteMessage merged = *remote;

  *out_seen = FALSE;
  if (remote->has_flags
      && !mf_pending_merge_flags (self->db, known->id, &merged.flags, &keywords, error))
    return FALSE;
  if (labels != NULL && !mf_labels_merge (self->db, known->id, &labels, error))
    return FALSE;
  merged.labels = labels;
  merged.keywords = keywords != NULL && *keywords != '\0' ? keywords : NULL;
  if (!has_other_date (known, remote))
    merged.internaldate = 0;
  gboolean same = says_nothing_new (known, &merged) && merged.internaldate == 0;
  if (same && remote->modseq <= known->modseq && !is_told_apart (known, remote))
    return TRUE;
  mf_message_copy (known, &before);
  if (known->place == MF_PLACE_GONE)
    {
      if (merged.has_flags && !hand_on (self, known, &merged, out_seen, error))
        return FALSE;
      merged.has_flags = FALSE;
    }
  return mf_messages_update_remote (self->db, known, &merged, error)
         && (same || before.place == MF_PLACE_GONE || tell (self, &before, known, out_seen, error));
}
