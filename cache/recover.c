#include "cache/recover.h"

#include <string.h>

#include "cache/eol.h"
#include "cache/folders.h"
#include "cache/journal.h"
#include "cache/messages.h"
#include "cache/settle.h"

/* A message of the target that the index does not know. */
typedef struct
{
  guint32 uid;
  guint64 size;
  gint64 date;
  gboolean taken;
} Candidate;

typedef struct
{
  MfEngine *engine;
  MfDb *db;
  MfLink *link;
  MfSettle settle;
  MfFolderId target;     /* whose candidates are known, 0: none */
  guint32 bound;         /* from this UID on */
  GArray *candidates;    /* of Candidate */
} Recover;

static gboolean
in_txn (Recover *self, gboolean (*what) (MfSettle *, const MfChange *, GError **),
        const MfChange *change, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  return mf_db_begin (self->db, &txn, error) && what (&self->settle, change, error)
         && mf_db_commit (&txn, error);
}

static gboolean
queue_again (MfSettle *settle, const MfChange *change, GError **error)
{
  return mf_journal_set_state (settle->db, change->seq, MF_CHANGE_QUEUED, NULL, error);
}

/* ---- candidates ------------------------------------------------------- */

static void
on_candidate (const MfRemoteMessage *message, gpointer user_data)
{
  Recover *self = user_data;
  Candidate candidate = { message->uid, message->size, message->internaldate, FALSE };

  if (message->uid >= self->bound)
    g_array_append_val (self->candidates, candidate);
}

/* What came of other changes of ours; what a pull has met may be what is looked for. */
static gboolean
drop_known (Recover *self, GError **error)
{
  for (guint i = self->candidates->len; i-- > 0;)
    {
      gint64 known = 0;
      if (!mf_db_number (self->db, 0, &known, error,
                         "SELECT 1 FROM message WHERE home = ? AND uid = ? AND base IS NOT NULL",
                         "ii", self->target,
                         (gint64) g_array_index (self->candidates, Candidate, i).uid))
        return FALSE;
      if (known != 0)
        g_array_remove_index (self->candidates, i);
    }
  return TRUE;
}

/* Selects the target and lists what is new there. */
static gboolean
find_candidates (Recover *self, const MfFolder *target, guint32 bound, GError **error)
{
  static const MfChangeSink sink = { on_candidate, NULL };
  MfLink *link = self->link;

  if (self->target == target->id && self->bound <= bound)
    return mf_link_select (link, target->mailbox, TRUE, error);
  self->target = 0;
  self->bound = bound;
  g_array_set_size (self->candidates, 0);
  /* Selected anew: a session that has it open may not have heard of the latest. */
  if (!mf_link_resync (link, target->mailbox, NULL, &sink, self, NULL, error)
      || !link->ops->fetch (link->remote, MAX (bound, 1), 0, MF_FETCH_ALL, 0, &sink, self,
                            link->cancellable, error))
    return FALSE;
  self->target = target->id;
  return drop_known (self, error);
}

/* ---- content ---------------------------------------------------------- */

typedef struct
{
  guint32 uid;      /* to ask for, then 0 */
  GChecksum *sum;
  MfEol eol;
  gboolean complete;
} Digest;

static gboolean
next_digest (MfUidSet *batch, gpointer user_data)
{
  Digest *self = user_data;

  if (self->uid == 0)
    return FALSE;
  mf_uidset_add (batch, self->uid);
  self->uid = 0;
  return TRUE;
}

static void
begin_digest (gpointer user_data)
{
}

/* Line ends are compared as LF: servers may have their own way with them. */
static void
add_digest (const char *bytes, gsize size, gpointer user_data)
{
  Digest *self = user_data;
  char piece[4097];

  while (size > 0)
    {
      gsize n = MIN (size, sizeof piece - 1);
      g_checksum_update (self->sum, (guchar *) piece,
                         (gssize) mf_eol_to_lf (&self->eol, bytes, n, piece));
      bytes += n;
      size -= n;
    }
}

static void
end_digest (guint32 uid, gboolean complete, gpointer user_data)
{
  ((Digest *) user_data)->complete = complete;
}

static void
answered_digest (const MfUidSet *batch, const GError *error, gpointer user_data)
{
}

static gboolean
remote_digest (Recover *self, guint32 uid, GChecksum *sum, gboolean *out_complete, GError **error)
{
  static const MfBodySink sink
      = { next_digest, begin_digest, add_digest, end_digest, answered_digest };
  Digest digest = { uid, sum, MF_EOL_INIT, FALSE };

  if (!self->link->ops->bodies (self->link->remote, &sink, &digest, self->link->cancellable,
                                error))
    return FALSE;
  *out_complete = digest.complete;
  return TRUE;
}

/* FALSE: there is no content here to compare with. */
static gboolean
local_digest (Recover *self, const MfMessage *message, GChecksum *sum)
{
  g_autoptr (MfBody) body = NULL;
  char buffer[4096];
  MfEol eol = MF_EOL_INIT;
  char piece[4097];
  guint64 offset = 0;
  gssize n;

  if (message->draft)
    {
      int fd = mf_drafts_open_file (self->engine->drafts, message->id, FALSE, NULL);
      body = fd >= 0 ? mf_body_new_file (fd) : NULL;
    }
  else
    body = mf_bodies_get (self->engine->bodies, self->db, message->id, NULL);
  if (body == NULL)
    return FALSE;
  while ((n = mf_body_read (body, offset, buffer, sizeof buffer, NULL)) > 0)
    {
      g_checksum_update (sum, (guchar *) piece,
                         (gssize) mf_eol_to_lf (&eol, buffer, (gsize) n, piece));
      offset += (guint64) n;
    }
  return n == 0;
}

static gboolean
same_content (Recover *self, const Candidate *candidate, const MfMessage *message,
              gboolean *out_same, GError **error)
{
  g_autoptr (GChecksum) here = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GChecksum) there = g_checksum_new (G_CHECKSUM_SHA256);
  gboolean complete = FALSE;

  *out_same = TRUE;
  if (!local_digest (self, message, here))
    return TRUE;
  if (!remote_digest (self, candidate->uid, there, &complete, error))
    return FALSE;
  *out_same = complete
              && strcmp (g_checksum_get_string (here), g_checksum_get_string (there)) == 0;
  return TRUE;
}

/* ---- one entry -------------------------------------------------------- */

/* An upload's size is what was counted when it was sent: by content alone. */
static gboolean
may_be (const MfChange *change, const MfMessage *message, const Candidate *candidate)
{
  if (candidate->taken || candidate->uid < change->uidnext)
    return FALSE;
  if (candidate->date != message->internaldate)
    return FALSE;
  return change->kind == MF_CHANGE_APPEND || candidate->size == message->wire_size;
}

/* What is found gets UIDs of the mailbox that is open now. */
static gboolean
learn_validity (Recover *self, const MfFolder *target, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  return mf_db_begin (self->db, &txn, error)
         && mf_folders_learn_validity (self->db, target, self->link->selected.uidvalidity, error)
         && mf_db_commit (&txn, error);
}

static gboolean
find_arrived (Recover *self, const MfChange *change, const MfMessage *message, guint32 *out_uid,
              GError **error)
{
  g_auto (MfFolder) target = { 0 };

  *out_uid = 0;
  if (!mf_folders_get (self->db, change->folder, &target, error)
      || !find_candidates (self, &target, change->uidnext, error)
      || !learn_validity (self, &target, error))
    return FALSE;
  /* Made anew since: what was put there is gone with what was there. */
  if (target.uidvalidity != 0 && target.uidvalidity != self->link->selected.uidvalidity)
    return TRUE;
  for (guint i = 0; i < self->candidates->len && *out_uid == 0; i++)
    {
      Candidate *candidate = &g_array_index (self->candidates, Candidate, i);
      gboolean same = FALSE;
      if (!may_be (change, message, candidate))
        continue;
      if (!same_content (self, candidate, message, &same, error))
        return FALSE;
      if (same)
        {
          candidate->taken = TRUE;
          *out_uid = candidate->uid;
        }
    }
  return TRUE;
}

static gboolean
settle_arrived (Recover *self, const MfChange *change, guint32 uid, gboolean copied,
                GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  return mf_db_begin (self->db, &txn, error)
         && (copied ? mf_settle_copied : mf_settle_arrived) (&self->settle, change, change->folder,
                                                              uid, error)
         && mf_db_commit (&txn, error);
}

/* Is the original still where it was? */
static gboolean
is_at_home (Recover *self, const MfMessage *message, gboolean *out_there, GError **error)
{
  g_auto (MfFolder) home = { 0 };
  g_autoptr (MfUidSet) there = mf_uidset_new ();
  static const MfChangeSink nothing = { NULL, NULL };

  *out_there = FALSE;
  if (message->home == 0 || !mf_folders_get (self->db, message->home, &home, NULL))
    return TRUE;
  if (!mf_link_resync (self->link, home.mailbox, NULL, &nothing, NULL, NULL, error)
      || !self->link->ops->uids (self->link->remote, there, self->link->cancellable, error))
    return FALSE;
  *out_there = self->link->selected.uidvalidity == home.uidvalidity
               && mf_uidset_contains (there, message->uid);
  return TRUE;
}

/* A MOVE leaves nothing behind; a COPY that stood for one does. */
static gboolean
recover_move (Recover *self, const MfChange *change, const MfMessage *message, GError **error)
{
  gboolean there = FALSE;
  gboolean can_move = (self->link->ops->caps (self->link->remote) & MF_CAP_MOVE) != 0;
  guint32 uid = 0;

  if (!is_at_home (self, message, &there, error))
    return FALSE;
  if (there && can_move)
    return in_txn (self, queue_again, change, error);
  if (!find_arrived (self, change, message, &uid, error))
    return FALSE;
  if (uid != 0)
    return settle_arrived (self, change, uid, there, error);
  return in_txn (self, there ? queue_again : mf_settle_missing, change, error);
}

/* Said yes to, and not to be found: another client was quicker. */
static gboolean
recover_made (Recover *self, const MfChange *change, const MfMessage *message, GError **error)
{
  guint32 uid = 0;

  if (!find_arrived (self, change, message, &uid, error))
    return FALSE;
  if (uid != 0)
    return settle_arrived (self, change, uid, FALSE, error);
  return in_txn (self, change->state == MF_CHANGE_DONE ? mf_settle_missing : queue_again, change,
                 error);
}

static gboolean
recover_one (Recover *self, const MfChange *change, GError **error)
{
  g_auto (MfMessage) message = { 0 };

  if (change->kind == MF_CHANGE_MOVE || change->kind == MF_CHANGE_COPY
      || change->kind == MF_CHANGE_APPEND)
    {
      if (!mf_messages_get (self->db, change->message, &message, NULL))
        return in_txn (self, mf_settle_done, change, error);
      if (change->kind == MF_CHANGE_MOVE && change->state == MF_CHANGE_SENT)
        return recover_move (self, change, &message, error);
      return recover_made (self, change, &message, error);
    }
  return in_txn (self, queue_again, change, error);
}

static gboolean
recover_all (Recover *self, MfChangeState state, GError **error)
{
  g_autoptr (GArray) changes = mf_journal_list (self->db, state, error);

  if (changes == NULL)
    return FALSE;
  for (guint i = 0; i < changes->len; i++)
    if (!recover_one (self, &g_array_index (changes, MfChange, i), error))
      return FALSE;
  return TRUE;
}

gboolean
mf_recover_run (MfEngine *engine, MfLink *link, GError **error)
{
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  Recover self
      = { engine, engine->db, link, mf_engine_settle (engine, news), 0, 0, candidates };

  gboolean ok
      = recover_all (&self, MF_CHANGE_SENT, error) && recover_all (&self, MF_CHANGE_DONE, error);
  mf_news_send (news);
  return ok;
}
