#include "cache/trace.h"

#include <string.h>

#include "cache/content.h"

typedef struct
{
  guint32 uid;
  guint64 size;
  gint64 date;
  char *emailid, *message_id; /* (nullable) */
  gboolean taken;
} Candidate;

struct _MfTrace
{
  MfDb *db;
  MfLink *link;
  MfFolderId opened;  /* whose mailbox was selected anew */
  MfUidSet *there;    /* (nullable) UIDs in `listed` */
  MfFolderId listed;
  MfFolderId folder;  /* of the candidates, 0: none */
  guint32 bound;
  GArray *candidates; /* of Candidate */
};

static void
clear_candidate (gpointer data)
{
  Candidate *candidate = data;

  g_free (candidate->emailid);
  g_free (candidate->message_id);
}

MfTrace *
mf_trace_new (MfDb *db, MfLink *link)
{
  MfTrace *self = g_new0 (MfTrace, 1);

  self->db = db;
  self->link = link;
  self->candidates = g_array_new (FALSE, TRUE, sizeof (Candidate));
  g_array_set_clear_func (self->candidates, clear_candidate);
  return self;
}

void
mf_trace_free (MfTrace *self)
{
  g_clear_pointer (&self->there, mf_uidset_free);
  g_array_unref (self->candidates);
  g_free (self);
}

/* ---- the mailbox ------------------------------------------------------ */

/* Selected anew: a session that has it open may not have heard of the latest. */
gboolean
mf_trace_open (MfTrace *self, const MfFolder *folder, guint32 *out_uidvalidity, GError **error)
{
  static const MfChangeSink nothing = { NULL, NULL };

  if (self->opened != folder->id || !mf_link_has_selected (self->link, folder->mailbox))
    {
      self->opened = 0;
      if (!mf_link_resync (self->link, folder->mailbox, NULL, &nothing, NULL, NULL, error))
        return FALSE;
      self->opened = folder->id;
    }
  *out_uidvalidity = self->link->selected.uidvalidity;
  return TRUE;
}

gboolean
mf_trace_has (MfTrace *self, const MfFolder *folder, guint32 uid, gboolean *out_has,
              GError **error)
{
  guint32 uidvalidity = 0;

  if (self->there == NULL || self->listed != folder->id)
    {
      g_clear_pointer (&self->there, mf_uidset_free);
      g_autoptr (MfUidSet) there = mf_uidset_new ();
      if (!mf_trace_open (self, folder, &uidvalidity, error)
          || !self->link->ops->uids (self->link->remote, there, self->link->cancellable, error))
        return FALSE;
      self->there = g_steal_pointer (&there);
      self->listed = folder->id;
    }
  *out_has = mf_uidset_contains (self->there, uid);
  return TRUE;
}

/* ---- candidates ------------------------------------------------------- */

static void
on_candidate (const MfRemoteMessage *message, gpointer user_data)
{
  MfTrace *self = user_data;
  Candidate candidate = { .uid = message->uid,
                          .size = message->size,
                          .date = message->internaldate,
                          .emailid = g_strdup (message->emailid),
                          .message_id = g_strndup (message->message_id, MF_MESSAGE_ID_BYTES) };

  g_array_append_val (self->candidates, candidate);
}

static gboolean
is_ours (MfTrace *self, guint32 uid, gboolean *out, GError **error)
{
  gint64 found = 0;

  if (!mf_db_number (self->db, 0, &found, error,
                     "SELECT 1 FROM message WHERE home = ? AND uid = ? AND folder != 0", "ii",
                     self->folder, (gint64) uid))
    return FALSE;
  *out = found != 0;
  return TRUE;
}

static gboolean
drop_ours (MfTrace *self, GError **error)
{
  for (guint i = self->candidates->len; i-- > 0;)
    {
      guint32 uid = g_array_index (self->candidates, Candidate, i).uid;
      gboolean ours = FALSE;
      if (!is_ours (self, uid, &ours, error))
        return FALSE;
      if (ours || uid < self->bound)
        g_array_remove_index (self->candidates, i);
    }
  return TRUE;
}

static gboolean
list (MfTrace *self, const MfFolder *folder, guint32 bound, GError **error)
{
  static const MfChangeSink sink = { on_candidate, NULL };
  MfLink *link = self->link;
  guint32 uidvalidity = 0;

  if (self->folder == folder->id && self->bound <= bound)
    return TRUE;
  self->folder = 0;
  g_array_set_size (self->candidates, 0);
  if (!mf_trace_open (self, folder, &uidvalidity, error)
      || !link->ops->fetch (link->remote, MAX (bound, 1), 0, MF_FETCH_ALL | MF_FETCH_MESSAGE_ID, 0,
                            &sink, self, link->cancellable, error))
    return FALSE;
  self->folder = folder->id;
  self->bound = bound;
  return drop_ours (self, error);
}

void
mf_trace_forget (MfTrace *self)
{
  self->folder = 0;
}

/* ---- finding ---------------------------------------------------------- */

static void
on_message_id (const MfRemoteMessage *message, gpointer user_data)
{
  char **out = user_data;

  g_free (*out);
  *out = g_strndup (message->message_id, MF_MESSAGE_ID_BYTES);
}

char *
mf_trace_message_id (MfTrace *self, const MfFolder *folder, guint32 uid, GError **error)
{
  static const MfChangeSink sink = { on_message_id, NULL };
  MfLink *link = self->link;
  guint32 uidvalidity = 0;
  char *message_id = NULL;

  if (mf_trace_open (self, folder, &uidvalidity, error)
      && link->ops->fetch (link->remote, uid, uid, MF_FETCH_MESSAGE_ID, 0, &sink, &message_id,
                           link->cancellable, error))
    return message_id;
  g_free (message_id);
  return NULL;
}

char *
mf_trace_digest (MfTrace *self, const MfFolder *folder, guint32 uid, GError **error)
{
  guint32 uidvalidity = 0;

  return mf_trace_open (self, folder, &uidvalidity, error)
             ? mf_content_fetch_digest (self->link, uid, error)
             : NULL;
}

static gboolean
may_be (const Candidate *candidate, guint32 bound, const MfTraceOf *what)
{
  gboolean date = candidate->date == what->date, size = candidate->size == what->size;

  return !candidate->taken && candidate->uid >= bound
         && (what->loose ? date || size : date && size);
}

static guint
count (MfTrace *self, guint32 bound, const MfTraceOf *what)
{
  guint n = 0;

  for (guint i = 0; i < self->candidates->len; i++)
    n += may_be (&g_array_index (self->candidates, Candidate, i), bound, what);
  return n;
}

/* FALSE: that of one is not known, or it has none. */
static gboolean
have_message_ids (const Candidate *candidate, const MfTraceOf *what)
{
  return what->message_id != NULL && *what->message_id != '\0' && candidate->message_id != NULL
         && *candidate->message_id != '\0';
}

/* @n candidates have date and size. */
static gboolean
is_it (MfTrace *self, const MfFolder *folder, const Candidate *candidate, const MfTraceOf *what,
       guint n, gboolean *out, GError **error)
{
  GError *local = NULL;

  if (what->emailid != NULL && candidate->emailid != NULL)
    {
      *out = g_str_equal (what->emailid, candidate->emailid);
      return TRUE;
    }
  gboolean named = have_message_ids (candidate, what);
  gboolean same = named && g_str_equal (what->message_id, candidate->message_id);
  *out = same || !named;
  if (what->digest == NULL && what->strict)
    *out = FALSE;
  /* Of two such fields the server may tell another one than we have seen. */
  if (what->digest == NULL || (same && what->sure && n == 1))
    return TRUE;
  g_autofree char *digest = mf_trace_digest (self, folder, candidate->uid, &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  *out = g_strcmp0 (digest, what->digest) == 0;
  return TRUE;
}

gboolean
mf_trace_is_likely (MfTrace *self, const MfFolder *folder, guint32 bound, const MfTraceOf *what,
                    gboolean *out_likely, GError **error)
{
  *out_likely = FALSE;
  if (!list (self, folder, bound, error))
    return FALSE;
  *out_likely = count (self, bound, what) > 0;
  return TRUE;
}

gboolean
mf_trace_find (MfTrace *self, const MfFolder *folder, guint32 bound, const MfTraceOf *what,
               guint32 *out_uid, GError **error)
{
  *out_uid = 0;
  if (!list (self, folder, bound, error))
    return FALSE;
  guint n = count (self, bound, what);
  for (guint i = 0; i < self->candidates->len && *out_uid == 0; i++)
    {
      Candidate *candidate = &g_array_index (self->candidates, Candidate, i);
      gboolean found = FALSE;
      if (!may_be (candidate, bound, what))
        continue;
      if (!is_it (self, folder, candidate, what, n, &found, error))
        return FALSE;
      candidate->taken = found;
      *out_uid = found ? candidate->uid : 0;
    }
  return TRUE;
}
