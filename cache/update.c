#include "cache/update.h"

#include "cache/folders.h"
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
    merged.has_flags = FALSE;
  return mf_messages_update_remote (self->db, known, &merged, error)
         && (same || tell (self, &before, known, out_seen, error));
}
