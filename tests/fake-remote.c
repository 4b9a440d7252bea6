/* The operations that only look, and the table. */
#include "tests/fake-remote.h"

#include <string.h>

#include "tests/fake-bodies.h"
#include "tests/fake-change.h"
#include "tests/fake-news.h"
#include "tests/fake-session.h"

static MfCaps
get_caps (MfRemote *self)
{
  return self->caps;
}

/* ---- LIST, STATUS ----------------------------------------------------- */

typedef struct
{
  char *name;
  MfRemoteFolder folder;
  MfMailboxStatus status;
} Line;

static void
clear_line (gpointer data)
{
  g_free (((Line *) data)->name);
}

static GArray *
make_lines (MfRemote *self)
{
  GArray *lines = g_array_new (FALSE, TRUE, sizeof (Line));

  g_array_set_clear_func (lines, clear_line);
  for (guint i = 0; i < self->fake->mailboxes->len; i++)
    {
      MfFakeMailbox *mailbox = g_ptr_array_index (self->fake->mailboxes, i);
      Line line = { .name = g_strdup (mailbox->name) };
      line.folder = (MfRemoteFolder){ .delimiter = '/',
                                      .selectable = mailbox->selectable,
                                      .subscribed = mailbox->subscribed,
                                      .special_use = mailbox->use };
      mf_fake_mailbox_status (mailbox, self->caps, &line.status);
      g_array_append_val (lines, line);
    }
  return lines;
}

static gboolean
list (MfRemote *self, gboolean with_status,
      void (*folder) (const MfRemoteFolder *, gpointer), gpointer user_data,
      GCancellable *cancellable, GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_LIST, NULL, cancellable, error))
    return FALSE;
  g_autoptr (GArray) lines = make_lines (self);
  gboolean lost = self->fake->lose[MF_FAKE_LIST] > 0;
  g_mutex_unlock (&self->fake->lock);
  for (guint i = 0; i < (lost ? lines->len / 2 : lines->len); i++)
    {
      Line *line = &g_array_index (lines, Line, i);
      line->folder.mailbox = line->name;
      line->folder.status = with_status && line->folder.selectable ? &line->status : NULL;
      folder (&line->folder, user_data);
    }
  g_mutex_lock (&self->fake->lock);
  return mf_fake_session_leave (self, MF_FAKE_LIST, error);
}

static gboolean
status (MfRemote *self, const char *mailbox, MfMailboxStatus *out_status,
        GCancellable *cancellable, GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_STATUS, mailbox, cancellable, error))
    return FALSE;
  MfFakeMailbox *found = mf_fake_find (self->fake, mailbox);
  if (found == NULL || !found->selectable)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_NOT_FOUND, "no such mailbox");
  mf_fake_mailbox_status (found, self->caps, out_status);
  return mf_fake_session_leave (self, MF_FAKE_STATUS, error);
}

/* ---- what changed, and FETCH ------------------------------------------ */

/* Taken under the lock, sent without it. */
typedef struct
{
  GPtrArray *messages; /* of MfFakeMessage */
  GArray *vanished;    /* of guint32 */
  MfCaps caps;
  MfFetch items;
} Delta;

static void
delta_clear (Delta *self)
{
  g_ptr_array_unref (self->messages);
  g_array_unref (self->vanished);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Delta, delta_clear)

static void
add_vanished (Delta *self, MfFakeMailbox *mailbox, guint64 since)
{
  for (guint i = 0; i < mailbox->vanished->len; i++)
    {
      MfFakeVanished *one = &g_array_index (mailbox->vanished, MfFakeVanished, i);
      if (one->modseq > since)
        g_array_append_val (self->vanished, one->uid);
    }
}

/* @mailbox (nullable): nothing. */
static void
delta_init (Delta *self, MfRemote *session, MfFakeMailbox *mailbox, guint32 first, guint32 last,
            MfFetch items, guint64 since)
{
  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) mf_fake_message_free);
  self->vanished = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->caps = session->caps;
  self->items = items;
  for (guint i = 0; mailbox != NULL && i < mailbox->messages->len; i++)
    {
      MfFakeMessage *message = g_ptr_array_index (mailbox->messages, i);
      if (message->uid >= first && (last == 0 || message->uid <= last)
          && message->modseq > since)
        g_ptr_array_add (self->messages, mf_fake_message_copy (message));
    }
  if (mailbox != NULL && since != 0 && (session->caps & MF_CAP_QRESYNC) != 0)
    add_vanished (self, mailbox, since);
}

static char *
find_message_id (const MfFakeMessage *message)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (message->body, NULL),
                                     g_bytes_get_size (message->body));
  const char *field = g_strrstr (text, "Message-ID: ");

  return field != NULL ? g_strndup (field + 12, strcspn (field + 12, "\r\n")) : g_strdup ("");
}

static void
send_message (const Delta *self, const MfFakeMessage *message, const MfChangeSink *sink,
              gpointer user_data)
{
  gboolean ids = (self->items & MF_FETCH_IDS) != 0;
  MfRemoteMessage told = { .uid = message->uid, .keywords = "" };

  if (self->items & MF_FETCH_FLAGS)
    {
      told.has_flags = TRUE;
      told.flags = message->flags;
      told.keywords = message->keywords;
    }
  if (self->items & MF_FETCH_DATE)
    told.internaldate = message->internaldate;
  if (self->items & MF_FETCH_SIZE)
    told.size = message->size;
  if (self->caps & (MF_CAP_CONDSTORE | MF_CAP_QRESYNC))
    told.modseq = message->modseq;
  if (ids && (self->caps & MF_CAP_OBJECTID) != 0)
    told.emailid = message->emailid;
  if (ids && (self->caps & MF_CAP_GMAIL) != 0)
    told.labels = message->labels != NULL ? message->labels : "";
  g_autofree char *message_id
      = self->items & MF_FETCH_MESSAGE_ID ? find_message_id (message) : NULL;
  told.message_id = message_id;
  if (sink->message != NULL)
    sink->message (&told, user_data);
}

/* FALSE: the session dies before the next line. */
static gboolean
may_send_row (MfRemote *self, GCancellable *cancellable, GError **error)
{
  MfFake *fake = self->fake;

  g_mutex_lock (&fake->lock);
  if (fake->rows_to_live == 0)
    {
      fake->rows_to_live = -1;
      self->dead = TRUE;
    }
  else if (fake->rows_to_live > 0)
    fake->rows_to_live--;
  gboolean ok = mf_fake_session_check (self, cancellable, error);
  if (ok)
    fake->n_rows++;
  g_mutex_unlock (&fake->lock);
  return ok;
}

static gboolean
send_delta (const Delta *self, MfRemote *session, const MfChangeSink *sink, gpointer user_data,
            GCancellable *cancellable, GError **error)
{
  for (guint i = 0; i < self->vanished->len && sink->vanished != NULL; i++)
    {
      guint32 uid = g_array_index (self->vanished, guint32, i);
      sink->vanished (uid, uid, user_data);
    }
  for (guint i = 0; i < self->messages->len; i++)
    {
      if (!may_send_row (session, cancellable, error))
        return FALSE;
      send_message (self, g_ptr_array_index (self->messages, i), sink, user_data);
    }
  return TRUE;
}

/* ---- SELECT, FETCH ---------------------------------------------------- */

static void
set_selected (MfRemote *self, MfFakeMailbox *mailbox, gboolean read_only)
{
  g_free (self->mailbox);
  self->mailbox = g_strdup (mailbox != NULL ? mailbox->name : NULL);
  self->uidvalidity = mailbox != NULL ? mailbox->uidvalidity : 0;
  self->seen = mailbox != NULL ? mailbox->changes : 0;
  self->read_only = read_only;
}

static gboolean
open_mailbox (MfRemote *self, const char *mailbox, gboolean read_only,
              const MfMailboxStatus *known, const MfChangeSink *sink, gpointer user_data,
              MfMailboxStatus *out_status, gboolean *out_resynced, GCancellable *cancellable,
              GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_SELECT, mailbox, cancellable, error))
    return FALSE;
  MfFakeMailbox *found = mf_fake_find (self->fake, mailbox);
  if (found != NULL && !found->selectable)
    found = NULL;
  set_selected (self, found, read_only);
  if (found == NULL)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_NOT_FOUND, "no such mailbox");

  gboolean resyncs = known != NULL && (self->caps & MF_CAP_QRESYNC) != 0
                     && known->uidvalidity == found->uidvalidity;
  g_auto (Delta) delta = { 0 };
  delta_init (&delta, self, resyncs ? found : NULL, 1, 0, MF_FETCH_FLAGS,
              resyncs ? known->highestmodseq : 0);
  mf_fake_mailbox_status (found, self->caps, out_status);
  out_status->read_only = read_only;
  if (out_resynced != NULL)
    *out_resynced = resyncs;
  return mf_fake_session_leave (self, MF_FAKE_SELECT, error)
         && send_delta (&delta, self, sink, user_data, cancellable, error);
}

static gboolean
fetch (MfRemote *self, guint32 first, guint32 last, MfFetch items, guint64 since,
       const MfChangeSink *sink, gpointer user_data, GCancellable *cancellable, GError **error)
{
  MfFakeMailbox *mailbox = mf_fake_session_enter_selected (self, MF_FAKE_FETCH, cancellable, error);
  gboolean can = (self->caps & (MF_CAP_CONDSTORE | MF_CAP_QRESYNC)) != 0;

  if (mailbox == NULL)
    return FALSE;
  if (since != 0 && !can)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_UNSUPPORTED, "no CONDSTORE");
  g_auto (Delta) delta = { 0 };
  delta_init (&delta, self, mailbox, first, last, items, since);
  if (first <= 1 && last == 0)
    self->seen = mailbox->changes;
  return mf_fake_session_leave (self, MF_FAKE_FETCH, error)
         && send_delta (&delta, self, sink, user_data, cancellable, error);
}

/* ---- SEARCH ----------------------------------------------------------- */

static gboolean
has_header (const MfFakeMessage *message, const char *name, const char *value)
{
  g_autofree char *body = g_strndup (g_bytes_get_data (message->body, NULL),
                                     g_bytes_get_size (message->body));
  char *end = strstr (body, "\r\n\r\n");
  g_auto (GStrv) lines = NULL;

  if (end != NULL)
    *end = '\0';
  lines = g_strsplit (body, "\r\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_ascii_strncasecmp (lines[i], name, strlen (name)) == 0 && lines[i][strlen (name)] == ':'
        && strstr (lines[i], value) != NULL)
      return TRUE;
  return FALSE;
}

/* "4:*" is "4:<last>", whichever of them is higher. */
static MfUidSet *
parse_uids (MfFakeMailbox *mailbox, const char *text)
{
  guint n = mailbox->messages->len;
  guint32 last = n > 0 ? ((MfFakeMessage *) g_ptr_array_index (mailbox->messages, n - 1))->uid : 1;
  g_autofree char *number = g_strdup_printf ("%u", last);
  g_autoptr (GString) plain = g_string_new (text);

  g_string_replace (plain, "*", number, 0);
  return mf_uidset_parse (plain->str);
}

static char *
unquote (const char *word)
{
  gsize length = strlen (word);

  if (length >= 2 && word[0] == '"')
    return g_strndup (word + 1, length - 2);
  return g_strdup (word);
}

/* ALL, UID set, HEADER name value, SEEN, UNSEEN, and more of them in a row. */
static gboolean
meets (MfFakeMailbox *mailbox, MfFakeMessage *message, char **words, gboolean *out_known)
{
  for (guint i = 0; words[i] != NULL; i++)
    {
      if (strcmp (words[i], "ALL") == 0)
        continue;
      if (strcmp (words[i], "SEEN") == 0 || strcmp (words[i], "UNSEEN") == 0)
        {
          if (((message->flags & MF_FLAG_SEEN) != 0) != (words[i][0] == 'S'))
            return FALSE;
        }
      else if (strcmp (words[i], "UID") == 0 && words[i + 1] != NULL)
        {
          g_autoptr (MfUidSet) uids = parse_uids (mailbox, words[++i]);
          if (uids == NULL || !mf_uidset_contains (uids, message->uid))
            return FALSE;
        }
      else if (strcmp (words[i], "HEADER") == 0 && words[i + 1] != NULL && words[i + 2] != NULL)
        {
          g_autofree char *name = unquote (words[i + 1]);
          g_autofree char *value = unquote (words[i + 2]);
          i += 2;
          if (!has_header (message, name, value))
            return FALSE;
        }
      else
        *out_known = FALSE;
    }
  return TRUE;
}

static gboolean
find_all (MfRemote *self, MfFakeOp op, const char *criteria, MfUidSet *out_uids,
          GCancellable *cancellable, GError **error)
{
  MfFakeMailbox *mailbox = mf_fake_session_enter_selected (self, op, cancellable, error);
  g_auto (GStrv) words = g_strsplit (criteria, " ", -1);
  gboolean known = TRUE;

  if (mailbox == NULL)
    return FALSE;
  for (guint i = 0; i < mailbox->messages->len; i++)
    {
      MfFakeMessage *message = g_ptr_array_index (mailbox->messages, i);
      if (meets (mailbox, message, words, &known))
        mf_uidset_add (out_uids, message->uid);
    }
  if (!known)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_REFUSED, "unknown search key");
  return mf_fake_session_leave (self, op, error);
}

static gboolean
get_uids (MfRemote *self, MfUidSet *out_uids, GCancellable *cancellable, GError **error)
{
  return find_all (self, MF_FAKE_UIDS, "ALL", out_uids, cancellable, error);
}

static gboolean
search (MfRemote *self, const char *criteria, MfUidSet *out_uids, GCancellable *cancellable,
        GError **error)
{
  return find_all (self, MF_FAKE_SEARCH, criteria, out_uids, cancellable, error);
}

/* ---- the rest --------------------------------------------------------- */

static gboolean
quota (MfRemote *self, const char *mailbox, MfQuota *out_quota, GCancellable *cancellable,
       GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_QUOTA, mailbox, cancellable, error))
    return FALSE;
  if ((self->caps & MF_CAP_QUOTA) == 0)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_UNSUPPORTED, "no QUOTA");
  *out_quota = (MfQuota){ mf_fake_used_bytes (self->fake), self->fake->quota_limit_bytes };
  return mf_fake_session_leave (self, MF_FAKE_QUOTA, error);
}

static gboolean
noop (MfRemote *self, GCancellable *cancellable, GError **error)
{
  return mf_fake_session_enter (self, MF_FAKE_NOOP, NULL, cancellable, error)
         && mf_fake_session_leave (self, MF_FAKE_NOOP, error);
}

const MfRemoteOps mf_fake_ops = {
  .open = mf_fake_session_open,
  .close = mf_fake_session_close,
  .caps = get_caps,
  .list = list,
  .status = status,
  .select = open_mailbox,
  .fetch = fetch,
  .uids = get_uids,
  .bodies = mf_fake_send_bodies,
  .search = search,
  .store = mf_fake_change_store,
  .store_labels = mf_fake_change_store_labels,
  .copy = mf_fake_change_copy,
  .move = mf_fake_change_move,
  .expunge = mf_fake_change_expunge,
  .append = mf_fake_change_append,
  .create = mf_fake_change_create,
  .delete = mf_fake_change_delete,
  .rename = mf_fake_change_rename,
  .subscribe = mf_fake_change_subscribe,
  .quota = quota,
  .announce = mf_fake_announce,
  .idle = mf_fake_idle,
  .noop = noop,
};
