#include "cache/pull.h"

#include <string.h>

#include "cache/folders.h"
#include "cache/messages.h"
#include "cache/pending.h"
#include "cache/rematch.h"
#include "cache/renumber.h"
#include "cache/update.h"

#define BATCH 1000
/* So many messages that nobody asked about are cheaper than another command. */
#define GAP 50

typedef struct
{
  MfRemoteMessage message;
  char *keywords, *emailid, *threadid, *labels;
} Row;

typedef struct
{
  MfSettle *settle;
  MfDb *db;     /* of settle, */
  MfNews *news; /* likewise */
  MfLink *link;
  MfFolder *folder;
  guint32 above;      /* every UID up to it is in the index */
  guint32 last;       /* no UID beyond it is in the index */
  guint32 listed;     /* the last UID that this pull was told all of; an own one may be beyond */
  guint64 modseq;     /* the highest seen */
  GArray *rows;       /* of Row, not stored yet */
  MfUidSet *vanished; /* not removed yet */
  gboolean touched[MF_N_PLACES];
  gboolean listing;   /* everything above comes in order: what was stored need not come again */
  gboolean changed;   /* since the last commit */
  gboolean bulk;      /* something changed in a folder that nobody has seen yet */
  GError *error;      /* the first failure to store */
} Pull;

/* ---- what the server says, collected ---------------------------------- */

static void
clear_row (gpointer data)
{
  Row *row = data;

  g_free (row->keywords);
  g_free (row->emailid);
  g_free (row->threadid);
  g_free (row->labels);
}

static void store_rows (Pull *self);

/* What was asked for; else the server has told it in passing. */
static gboolean
is_complete (const MfRemoteMessage *message)
{
  return message->has_flags && (message->size != 0 || message->internaldate != 0);
}

static char *
keep (const char **text)
{
  char *copy = *text != NULL && **text != '\0' ? g_strdup (*text) : NULL;

  *text = copy;
  return copy;
}

static void
on_message (const MfRemoteMessage *message, gpointer user_data)
{
  Pull *self = user_data;
  Row row = { .message = *message };

  if (message->uid == 0 || self->error != NULL)
    return;
  row.keywords = keep (&row.message.keywords);
  row.emailid = keep (&row.message.emailid);
  row.threadid = keep (&row.message.threadid);
  /* None at all is something to tell. */
  row.message.labels = row.labels = g_strdup (message->labels);
  g_array_append_val (self->rows, row);
  /* What is told in passing may be ahead of messages that were not told of. */
  if (is_complete (message))
    self->modseq = MAX (self->modseq, message->modseq);
  if (self->rows->len >= BATCH)
    store_rows (self);
}

static void
on_vanished (guint32 first, guint32 last, gpointer user_data)
{
  Pull *self = user_data;

  mf_uidset_add_range (self->vanished, first, last);
}

static const MfChangeSink sink = { on_message, on_vanished };

/* ---- stored ----------------------------------------------------------- */

static gboolean
insert (Pull *self, const MfRemoteMessage *remote, GError **error)
{
  MfMsgId id = 0;
  g_auto (MfMessage) after = { 0 };

  if (!mf_messages_insert_remote (self->db, self->folder->renumbered ? 0 : self->folder->id,
                                  self->folder->id, remote, &id, error))
    return FALSE;
  self->last = MAX (self->last, remote->uid);
  if (self->folder->renumbered)
    return TRUE;
  self->changed = TRUE;
  self->touched[remote->flags == 0 ? MF_PLACE_NEW : MF_PLACE_CUR] = TRUE;
  /* A folder that nobody has seen yet has no news. */
  if (!self->folder->known)
    return TRUE;
  if (!mf_messages_get (self->db, id, &after, error))
    return FALSE;
  mf_news_add (self->news, MF_EVENT_MESSAGE_ADDED, self->folder->id, NULL, &after);
  return TRUE;
}

static gboolean
update (Pull *self, MfMessage *known, const MfRemoteMessage *remote, GError **error)
{
  gboolean seen = FALSE;

  if (!mf_update_message (self->settle, known, remote, &seen, error))
    return FALSE;
  self->changed |= seen;
  return TRUE;
}

/* Flags alone of a message that is not in the index say too little: it is
 * among the new ones that are asked for in full. */
static gboolean
store_row (Pull *self, const MfRemoteMessage *remote, GError **error)
{
  g_auto (MfMessage) known = { 0 };
  GError *local = NULL;
  gboolean complete = is_complete (remote);

  if (complete)
    self->listed = MAX (self->listed, remote->uid);
  if (remote->uid > self->last)
    return !complete || insert (self, remote, error);
  if (mf_messages_get_uid (self->db, self->folder->id, remote->uid, &known, &local))
    return update (self, &known, remote, error);
  if (!g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  g_error_free (local);
  return !complete || insert (self, remote, error);
}

/* There is none after the last one that IMAP has. */
static guint32
next_uid (guint32 uid)
{
  return uid < G_MAXUINT32 ? uid + 1 : uid;
}

static gboolean
touch_places (Pull *self, GError **error)
{
  for (int place = 0; place < MF_N_PLACES; place++)
    if (self->touched[place]
        && !mf_folders_touch (self->db, self->folder->id, (MfPlace) place, error))
      return FALSE;
  memset (self->touched, 0, sizeof self->touched);
  return TRUE;
}

/* A listing of all folders may meanwhile have found it gone, or renamed and numbered
 * anew, which gives it another tag. */
static gboolean
is_as_it_was (Pull *self, GError **error)
{
  MfFolder *folder = self->folder;
  gint64 same = -1;

  if (!mf_db_number (self->db, -1, &same, error, "SELECT tag IS ? FROM folder WHERE id = ?", "si",
                     folder->tag, folder->id))
    return FALSE;
  if (same == 0)
    g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_BUSY, "the folder %s has changed",
                 folder->mailbox);
  if (same < 0)
    g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "the folder %s is gone",
                 folder->mailbox);
  return same > 0;
}

/* Ends a transaction that stored messages: what follows from them is true at
 * once, however the pull ends. */
static gboolean
commit (Pull *self, MfDbTxn *txn, GError **error)
{
  MfFolder *folder = self->folder;

  if (!is_as_it_was (self, error))
    return FALSE;
  if (!touch_places (self, error)
      || (self->changed && folder->known && !mf_folders_count (self->db, folder->id, error))
      || !mf_db_commit (txn, error))
    return FALSE;
  self->bulk |= self->changed && !folder->known;
  self->changed = FALSE;
  return TRUE;
}

static gboolean
try_store_rows (Pull *self, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (self->rows->len == 0)
    return TRUE;
  if (!mf_db_begin (self->db, &txn, error))
    return FALSE;
  for (guint i = 0; i < self->rows->len; i++)
    if (!store_row (self, &g_array_index (self->rows, Row, i).message, error))
      return FALSE;
  g_array_set_size (self->rows, 0);
  return (!self->listing
          || mf_folders_set_uidnext (self->db, self->folder->id, next_uid (self->listed), error))
         && commit (self, &txn, error);
}

static void
store_rows (Pull *self)
{
  if (self->error == NULL)
    try_store_rows (self, &self->error);
}

static gboolean
remove_message (Pull *self, MfMsgId id, GError **error)
{
  g_auto (MfMessage) before = { 0 };

  if (!mf_messages_get (self->db, id, &before, error))
    return FALSE;
  self->changed = TRUE;
  return mf_settle_vanished (self->settle, &before, error);
}

static gboolean
remove_range (Pull *self, const MfUidRange *range, GError **error)
{
  g_autoptr (GArray) ids
      = mf_messages_ids_between (self->db, self->folder->id, range->first, range->last, error);

  if (ids == NULL)
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    if (!remove_message (self, g_array_index (ids, MfMsgId, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
remove_vanished (Pull *self, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  guint n = 0;
  const MfUidRange *ranges = mf_uidset_ranges (self->vanished, &n);

  if (n == 0)
    return TRUE;
  if (!mf_db_begin (self->db, &txn, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!remove_range (self, &ranges[i], error))
      return FALSE;
  mf_uidset_clear (self->vanished);
  return commit (self, &txn, error);
}

/* ---- asking ----------------------------------------------------------- */

/* What has come is stored, or the pull fails. */
static gboolean
finish_rows (Pull *self, GError **error)
{
  store_rows (self);
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

static gboolean
fetch (Pull *self, guint32 first, guint32 last, MfFetch items, guint64 since, GError **error)
{
  MfLink *link = self->link;

  return link->ops->fetch (link->remote, first, last, items, since, &sink, self,
                           link->cancellable, error)
         && finish_rows (self, error);
}

static void
remove_set (MfUidSet *from, const MfUidSet *set)
{
  guint n = 0;
  const MfUidRange *ranges = mf_uidset_ranges (set, &n);

  for (guint i = 0; i < n; i++)
    mf_uidset_remove_range (from, ranges[i].first, ranges[i].last);
}

static gboolean
fetch_set (Pull *self, MfUidSet *uids, GError **error)
{
  guint n = 0;
  const MfUidRange *ranges;

  mf_uidset_close_gaps (uids, GAP);
  ranges = mf_uidset_ranges (uids, &n);
  for (guint i = 0; i < n; i++)
    if (!fetch (self, ranges[i].first, ranges[i].last, MF_FETCH_ALL, 0, error))
      return FALSE;
  return TRUE;
}

/* What is in the index and not in the mailbox is gone, but not what an upload brings there
 * meanwhile.  What is in the mailbox alone has come back: a server may have made its index
 * anew after a crash, or from a backup. */
static gboolean
compare (Pull *self, GError **error)
{
  g_autoptr (MfUidSet) there = mf_uidset_new ();
  g_autoptr (MfUidSet) here = mf_messages_uids (self->db, self->folder->id, error);
  g_autoptr (MfUidSet) gone = NULL;

  if (here == NULL
      || !self->link->ops->uids (self->link->remote, there, self->link->cancellable, error))
    return FALSE;
  gone = mf_uidset_copy (here);
  remove_set (gone, there);
  mf_uidset_add_set (self->vanished, gone);
  remove_set (there, here);
  mf_uidset_remove_range (there, next_uid (self->above), G_MAXUINT32); /* to be listed */
  return fetch_set (self, there, error);
}

/* The mailbox was not open before. */
static gboolean
resync (Pull *self, gboolean *out_resynced, GError **error)
{
  MfFolder *folder = self->folder;
  MfMailboxStatus known = {
    .uidvalidity = folder->uidvalidity,
    .uidnext = folder->uidnext,
    .highestmodseq = folder->highestmodseq,
  };
  /* A first listing asks for everything, any other for what changed. */
  gboolean first = folder->uidvalidity == 0 && self->last == 0 && folder->messages > 0;
  gboolean later = known.highestmodseq != 0 && self->last != 0;

  return mf_link_resync (self->link, folder->mailbox, first || later ? &known : NULL, &sink, self,
                         out_resynced, error);
}

/* Another UIDVALIDITY: UIDs mean something else than they did. */
static gboolean
start_over (Pull *self, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  guint32 uidvalidity = self->link->selected.uidvalidity;
  gboolean first = self->folder->uidvalidity == 0;

  g_array_set_size (self->rows, 0);
  mf_uidset_clear (self->vanished);
  self->above = self->listed = 0;
  self->modseq = 0;
  if (!first) /* else what is numbered here has just been put there by us */
    self->last = 0;
  if (!mf_db_begin (self->db, &txn, error)
      || !(first ? mf_folders_set_validity (self->db, self->folder, uidvalidity, error)
                 : mf_renumber_messages (self->settle, self->folder, uidvalidity, error)))
    return FALSE;
  mf_folder_clear (self->folder);
  return mf_folders_get (self->db, self->folder->id, self->folder, error)
         && commit (self, &txn, error);
}

/* The server was set back, or does not number changes any more. */
static gboolean
has_gone_back (Pull *self)
{
  return self->folder->highestmodseq > self->link->selected.highestmodseq;
}

/* Everything there is to know of what the index has, but for flags only since @since. */
static gboolean
catch_up (Pull *self, guint64 since, GError **error)
{
  gboolean gmail = (self->link->ops->caps (self->link->remote) & MF_CAP_GMAIL) != 0;
  /* Labels change as flags do. */
  MfFetch items = gmail ? MF_FETCH_FLAGS | MF_FETCH_IDS : MF_FETCH_FLAGS;
  gboolean changed = since == 0 || since != self->link->selected.highestmodseq;

  return (!changed || fetch (self, 1, self->last, items, since, error)) && compare (self, error);
}

/* Where QRESYNC did not tell. */
static gboolean
catch_up_untold (Pull *self, GError **error)
{
  gboolean condstore = (self->link->ops->caps (self->link->remote) & MF_CAP_CONDSTORE) != 0;

  return catch_up (self, condstore && !has_gone_back (self) ? self->folder->highestmodseq : 0,
                   error);
}

/* What QRESYNC told is not all if there are more or fewer messages than it leaves. */
static gboolean
check_count (Pull *self, GError **error)
{
  gint64 n = 0;

  return remove_vanished (self, error)
         && mf_messages_count_uids (self->db, self->folder->id, &n, error)
         && (n == self->link->selected.messages || catch_up (self, 0, error));
}

/* The mailbox is open, and the session knows what is in it: one command tells
 * everything since.  But flags may be newer than what the session knows: then messages
 * and removals with lower numbers are still to come.  By the next time it knows all up
 * to what it told this time. */
static gboolean
refresh (Pull *self, GError **error)
{
  guint64 since = self->folder->highestmodseq;

  self->modseq = since;
  if (!fetch (self, 1, 0, MF_FETCH_ALL, since, error))
    return FALSE;
  guint64 told = self->modseq;
  self->modseq = MAX (since, self->link->told_modseq);
  self->link->told_modseq = told;
  return TRUE;
}

static gboolean
list_new (Pull *self, GError **error)
{
  MfMailboxStatus *status = &self->link->selected;

  if (status->messages == 0 || (status->uidnext != 0 && status->uidnext <= self->above + 1))
    return TRUE;
  self->listing = TRUE;
  self->listed = self->above;
  return fetch (self, self->above + 1, 0, MF_FETCH_ALL, 0, error);
}

static gboolean
open_and_catch_up (Pull *self, GError **error)
{
  gboolean resynced = FALSE;
  MfMailboxStatus *status = &self->link->selected;

  if (!resync (self, &resynced, error))
    return FALSE;
  if (status->uidvalidity != self->folder->uidvalidity && !start_over (self, error))
    return FALSE;
  if (!finish_rows (self, error))
    return FALSE;
  /* An interrupted first listing goes on later, with what changes meanwhile. */
  if (self->above == 0
      && !mf_folders_set_modseq (self->db, self->folder->id, status->highestmodseq, error))
    return FALSE;
  gboolean untold = !resynced || has_gone_back (self);
  if (untold && self->last != 0 && !catch_up_untold (self, error))
    return FALSE;
  return list_new (self, error) && (untold || check_count (self, error));
}

/* ---- all together ----------------------------------------------------- */

/* What is left aside is new, but for what may be our own (recover.h). */
static gboolean
end_renumbering (Pull *self, GError **error)
{
  if (!self->folder->renumbered || mf_pending_is_unsettled (self->db, self->folder->id))
    return TRUE;
  self->changed = TRUE;
  self->folder->renumbered = FALSE;
  return mf_rematch_show_rest (self->settle, self->folder, error);
}

static gboolean
set_synced (Pull *self, GError **error)
{
  MfMailboxStatus synced = {
    .uidnext = MAX (MAX (self->link->selected.uidnext, self->folder->uidnext),
                    next_uid (self->listed)),
    .highestmodseq = self->modseq,
  };

  return mf_folders_set_synced (self->db, self->folder->id, &synced, error)
         && (!self->folder->renumbered
             || mf_folders_set_renumbered (self->db, self->folder->id, error));
}

/* What was done here counts too, and the count tells whether something has gone since. */
static gboolean
conclude (Pull *self, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!remove_vanished (self, error)
      || (self->folder->renumbered
          && !mf_rematch_run (self->settle, self->link, self->folder, error)))
    return FALSE;
  self->changed |= self->folder->known;
  return mf_db_begin (self->db, &txn, error) && end_renumbering (self, error)
         && set_synced (self, error)
         && (self->folder->known || mf_folders_count (self->db, self->folder->id, error))
         && commit (self, &txn, error);
}

static gboolean
can_refresh (Pull *self)
{
  return mf_link_take_current (self->link, self->folder->mailbox) && self->folder->known
         && self->link->selected.uidvalidity == self->folder->uidvalidity
         && !self->folder->renumbered && self->folder->highestmodseq != 0
         && (self->link->ops->caps (self->link->remote) & MF_CAP_QRESYNC) != 0;
}

static gboolean
run (Pull *self, GError **error)
{
  if (!mf_messages_last_uid (self->db, self->folder->id, &self->last, error))
    return FALSE;
  self->above = self->folder->uidnext > 0 ? self->folder->uidnext - 1 : 0;
  self->listed = self->above;
  if (can_refresh (self))
    return refresh (self, error) && conclude (self, error);
  if (!open_and_catch_up (self, error))
    return FALSE;
  /* Lines that came since may be numbered higher, but do not tell all up to there. */
  self->modseq = self->link->selected.highestmodseq;
  return conclude (self, error);
}

gboolean
mf_pull_folder (MfSettle *settle, MfLink *link, MfFolderId id, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (Row));
  g_autoptr (MfUidSet) vanished = mf_uidset_new ();
  Pull self = { .settle = settle, .db = settle->db, .news = settle->news, .link = link,
                .folder = &folder, .rows = rows, .vanished = vanished };

  g_array_set_clear_func (rows, clear_row);
  if (!mf_folders_get (settle->db, id, &folder, error))
    return FALSE;
  if (folder.mailbox == NULL)
    return TRUE; /* the server does not have it yet */
  MfEventType listed = folder.known ? MF_EVENT_FOLDER_CHANGED : MF_EVENT_FOLDER_LISTED;
  gboolean ok = run (&self, error);
  g_clear_error (&self.error);
  /* What was committed is true, however the rest ended. */
  if (self.bulk)
    mf_news_add (settle->news, listed, id, NULL, NULL);
  mf_news_send (settle->news);
  return ok;
}
