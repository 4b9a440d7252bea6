/* The operations that only look, and the table. */
#include "tests/fake-remote.h"

#include <string.h>

#include "tests/fake-change.h"
#include "tests/fake-session.h"

#define WINDOW 2 /* batches of bodies asked for before the first is sent */

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

/* Enters for a look into the selected mailbox.  NULL: refused. */
static MfFakeMailbox *
enter_selected (MfRemote *self, MfFakeOp op, GCancellable *cancellable, GError **error)
{
  if (!mf_fake_session_enter (self, op, NULL, cancellable, error))
    return NULL;
  MfFakeMailbox *mailbox = mf_fake_session_selected (self);
  if (mailbox == NULL)
    mf_fake_session_lost (self, error);
  return mailbox;
}

static gboolean
fetch (MfRemote *self, guint32 first, guint32 last, MfFetch items, guint64 since,
       const MfChangeSink *sink, gpointer user_data, GCancellable *cancellable, GError **error)
{
  MfFakeMailbox *mailbox = enter_selected (self, MF_FAKE_FETCH, cancellable, error);
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
  MfFakeMailbox *mailbox = enter_selected (self, op, cancellable, error);
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

/* ---- bodies ----------------------------------------------------------- */

typedef struct
{
  MfRemote *session;
  const MfBodySink *sink;
  gpointer user_data;
  GCancellable *cancellable;
} Sending;

static gboolean
check (Sending *self, GError **error)
{
  g_mutex_lock (&self->session->fake->lock);
  gboolean ok = mf_fake_session_check (self->session, self->cancellable, error);
  g_mutex_unlock (&self->session->fake->lock);
  return ok;
}

/* How much of the body of @uid comes before the session dies. */
static gsize
n_until_death (Sending *self, guint32 uid, gsize size, gsize *out_piece)
{
  MfFake *fake = self->session->fake;

  g_mutex_lock (&fake->lock);
  gboolean dies = fake->die_uid == uid;
  gsize n = dies ? MIN (fake->die_bytes, size) : size;
  *out_piece = fake->piece;
  if (dies)
    fake->die_uid = 0;
  g_mutex_unlock (&fake->lock);
  self->session->dead |= dies;
  return n;
}

static gboolean
send_body (Sending *self, const MfFakeMessage *message, GError **error)
{
  gsize size = 0, piece = 0;
  const char *bytes = g_bytes_get_data (message->body, &size);
  gsize n = n_until_death (self, message->uid, size, &piece);

  self->sink->begin (self->user_data);
  for (gsize at = 0; at < n && message->how == MF_FAKE_BODY_SENT; at += piece)
    self->sink->data (bytes + at, MIN (piece, n - at), self->user_data);
  if (!check (self, error))
    {
      self->sink->end (0, FALSE, self->user_data);
      return FALSE;
    }
  self->sink->end (message->uid, message->how == MF_FAKE_BODY_SENT, self->user_data);
  return TRUE;
}

static GPtrArray *
take_messages (Sending *self, const MfUidSet *batch)
{
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) mf_fake_message_free);
  MfFake *fake = self->session->fake;

  g_mutex_lock (&fake->lock);
  MfFakeMailbox *mailbox = mf_fake_session_selected (self->session);
  for (guint i = 0; mailbox != NULL && i < mailbox->messages->len; i++)
    {
      MfFakeMessage *message = g_ptr_array_index (mailbox->messages, i);
      if (!mf_uidset_contains (batch, message->uid) || message->how == MF_FAKE_BODY_MISSING)
        continue;
      g_ptr_array_add (found, mf_fake_message_copy (message));
      g_string_append_printf (fake->bodies_sent, "%s:%u ", mailbox->name, message->uid);
    }
  g_mutex_unlock (&fake->lock);
  return found;
}

static gboolean
is_refused (Sending *self, MfRemoteError *out_code)
{
  MfFake *fake = self->session->fake;

  g_mutex_lock (&fake->lock);
  gboolean refused = fake->refuse_batches > 0;
  *out_code = fake->refuse_code;
  if (refused)
    fake->refuse_batches--;
  g_mutex_unlock (&fake->lock);
  return refused;
}

static gboolean
send_batch (Sending *self, const MfUidSet *batch, GError **error)
{
  MfRemoteError code;

  if (!check (self, error))
    return FALSE;
  if (is_refused (self, &code))
    {
      g_autoptr (GError) no = g_error_new_literal (MF_REMOTE_ERROR, code, "no bodies today");
      self->sink->answered (batch, no, self->user_data);
      return TRUE;
    }
  g_autoptr (GPtrArray) found = take_messages (self, batch);
  for (guint i = 0; i < found->len; i++)
    if (!send_body (self, g_ptr_array_index (found, i), error))
      return FALSE;
  self->sink->answered (batch, NULL, self->user_data);
  return TRUE;
}

static void
fill_window (Sending *self, GQueue *batches)
{
  while (batches->length < WINDOW)
    {
      g_autoptr (MfUidSet) batch = mf_uidset_new ();
      if (!self->sink->next (batch, self->user_data) || mf_uidset_is_empty (batch))
        return;
      g_queue_push_tail (batches, g_steal_pointer (&batch));
    }
}

static gboolean
bodies (MfRemote *self, const MfBodySink *sink, gpointer user_data, GCancellable *cancellable,
        GError **error)
{
  Sending sending = { self, sink, user_data, cancellable };
  GQueue batches = G_QUEUE_INIT;
  gboolean ok = TRUE;

  if (enter_selected (self, MF_FAKE_BODIES, cancellable, error) == NULL)
    return FALSE;
  g_mutex_unlock (&self->fake->lock);
  fill_window (&sending, &batches);
  while (ok && batches.length > 0)
    {
      g_autoptr (MfUidSet) batch = g_queue_pop_head (&batches);
      ok = send_batch (&sending, batch, error);
      if (ok)
        fill_window (&sending, &batches);
    }
  g_queue_clear_full (&batches, (GDestroyNotify) mf_uidset_free);
  return ok;
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

/* With the lock. */
static GHashTable *
count_changes (MfFake *fake)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < fake->mailboxes->len; i++)
    {
      MfFakeMailbox *mailbox = g_ptr_array_index (fake->mailboxes, i);
      g_hash_table_insert (counts, g_strdup (mailbox->name), GUINT_TO_POINTER (mailbox->changes));
    }
  return counts;
}

static gboolean
announce (MfRemote *self, GCancellable *cancellable, GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_ANNOUNCE, NULL, cancellable, error))
    return FALSE;
  g_clear_pointer (&self->told, g_hash_table_unref);
  self->told = count_changes (self->fake);
  return mf_fake_session_leave (self, MF_FAKE_ANNOUNCE, error);
}

/* With the lock. */
static void
take_announced (MfRemote *self, MfHeard *out_heard)
{
  GHashTable *now = count_changes (self->fake);
  GHashTableIter iter;
  gpointer name, changes, before;

  out_heard->tree = g_hash_table_size (now) != g_hash_table_size (self->told);
  g_hash_table_iter_init (&iter, now);
  while (g_hash_table_iter_next (&iter, &name, &changes))
    if (!g_hash_table_lookup_extended (self->told, name, NULL, &before))
      out_heard->tree = TRUE;
    else if (before != changes && g_strcmp0 (name, self->mailbox) != 0)
      {
        if (out_heard->mailboxes == NULL)
          out_heard->mailboxes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_add (out_heard->mailboxes, g_strdup (name));
      }
  g_hash_table_unref (self->told);
  self->told = now;
}

/* With the lock. */
static gboolean
take_news (MfRemote *self, MfHeard *out_heard)
{
  MfFakeMailbox *mailbox = mf_fake_session_selected (self);

  out_heard->here = mailbox == NULL || mailbox->changes != self->seen;
  if (mailbox != NULL)
    self->seen = mailbox->changes;
  if (self->told != NULL)
    take_announced (self, out_heard);
  return out_heard->here || out_heard->tree || out_heard->mailboxes != NULL;
}

/* With the lock. */
static gboolean
wait_for_news (MfRemote *self, gint64 until, GCancellable *wake, MfHeard *out_heard,
               GCancellable *cancellable, GError **error)
{
  MfFake *fake = self->fake;

  for (;;)
    {
      if (!mf_fake_session_check (self, cancellable, error))
        return FALSE;
      if (take_news (self, out_heard) || g_cancellable_is_cancelled (wake)
          || !g_cond_wait_until (&fake->changed, &fake->lock, until))
        return TRUE;
    }
}

static gboolean
idle (MfRemote *self, guint wait_ms, GCancellable *wake, MfHeard *out_heard,
      GCancellable *cancellable, GError **error)
{
  gint64 until = g_get_monotonic_time () + (gint64) wait_ms * 1000;
  MfFake *fake = self->fake;

  if ((self->caps & MF_CAP_IDLE) == 0)
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_UNSUPPORTED, "no IDLE");
      return FALSE;
    }
  gulong by_wake = wake != NULL ? mf_fake_session_listen (self, wake) : 0;
  gulong by_cancel = cancellable != NULL ? mf_fake_session_listen (self, cancellable) : 0;
  gboolean ok = enter_selected (self, MF_FAKE_IDLE, cancellable, error) != NULL;
  if (ok)
    {
      fake->n_held[MF_FAKE_IDLE]++;
      g_cond_broadcast (&fake->changed);
      ok = wait_for_news (self, until, wake, out_heard, cancellable, error);
      fake->n_held[MF_FAKE_IDLE]--;
      g_mutex_unlock (&fake->lock);
    }
  if (wake != NULL)
    g_cancellable_disconnect (wake, by_wake);
  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, by_cancel);
  return ok;
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
  .bodies = bodies,
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
  .announce = announce,
  .idle = idle,
  .noop = noop,
};
