#include "proto/fetch.h"

#include "proto/change.h"

typedef struct
{
  MfRemote *session;
  guint32 first, last;
  const MfChangeSink *sink;
  gpointer sink_data;
  MfMeta meta;
} Fetching;

static void
take_fetch (Fetching *self, const MfReply *reply)
{
  const MfRemoteMessage *message = &self->meta.message;

  if (!mf_change_parse_fetch (reply, &self->meta) || message->uid == 0)
    {
      self->session->news = TRUE;
      return;
    }
  /* "7:*" always finds the last message, even if its UID is 5. */
  if (self->last == 0 && message->uid < self->first)
    return;
  if (message->uid < self->first || (self->last != 0 && message->uid > self->last))
    self->session->news = TRUE;
  else if (self->sink->message != NULL)
    self->sink->message (message, self->sink_data);
}

static void
take_vanished (Fetching *self, const MfReply *reply)
{
  gboolean is_earlier;
  g_autoptr (MfUidSet) gone = mf_change_parse_vanished (reply, &is_earlier);

  if (gone != NULL)
    mf_change_send_vanished (gone, self->sink, self->sink_data);
}

static void
take_reply (const MfReply *reply, gpointer user_data)
{
  if (mf_reply_is (reply, "FETCH"))
    take_fetch (user_data, reply);
  else if (mf_reply_is (reply, "VANISHED"))
    take_vanished (user_data, reply);
}

static void
append_items (MfRemote *self, GString *command, MfFetch items, gboolean modseq)
{
  g_string_append (command, " (UID");
  if (items & MF_FETCH_FLAGS)
    g_string_append (command, " FLAGS");
  if (items & MF_FETCH_DATE)
    g_string_append (command, " INTERNALDATE");
  if (items & MF_FETCH_SIZE)
    g_string_append (command, " RFC822.SIZE");
  /* A mailbox without MODSEQ may answer BAD to the question. */
  if (modseq)
    g_string_append (command, " MODSEQ");
  if ((items & MF_FETCH_IDS) && mf_session_can (self, "OBJECTID"))
    g_string_append (command, " EMAILID THREADID");
  else if ((items & MF_FETCH_IDS) && mf_session_can (self, "X-GM-EXT-1"))
    g_string_append (command, " X-GM-MSGID X-GM-THRID");
  if ((items & MF_FETCH_IDS) && mf_session_can (self, "X-GM-EXT-1"))
    g_string_append (command, " X-GM-LABELS");
  if (items & MF_FETCH_MESSAGE_ID)
    g_string_append (command, " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]");
  g_string_append_c (command, ')');
}

static char *
fetch_command (MfRemote *self, guint32 first, guint32 last, MfFetch items, gboolean modseq,
               guint64 since)
{
  g_autoptr (GString) command = g_string_new (NULL);

  g_string_printf (command, "UID FETCH %u:", first);
  if (last == 0)
    g_string_append_c (command, '*');
  else
    g_string_append_printf (command, "%u", last);
  append_items (self, command, items, modseq);
  if (since != 0)
    g_string_append_printf (command, " (CHANGEDSINCE %" G_GUINT64_FORMAT "%s)", since,
                            self->qresync ? " VANISHED" : "");
  return g_string_free (g_steal_pointer (&command), FALSE);
}

void
mf_fetch_ahead (MfRemote *self)
{
  g_autofree char *command
      = fetch_command (self, 1, 0, MF_FETCH_ALL, mf_session_can (self, "CONDSTORE"), 0);

  mf_session_queue_ahead (self, command);
}

gboolean
mf_fetch_run (MfRemote *self, guint32 first, guint32 last, MfFetch items, guint64 since,
              const MfChangeSink *sink, gpointer user_data, GCancellable *cancellable,
              GError **error)
{
  Fetching fetching = {
    .session = self, .first = MAX (first, 1), .last = last, .sink = sink, .sink_data = user_data
  };
  g_autofree char *command
      = fetch_command (self, fetching.first, last, items, self->has_modseq, since);
  gboolean in_flight = mf_session_take_ahead (self, command);
  gboolean ok;

  if (!mf_session_enter (self, cancellable, error))
    return FALSE;
  if (since != 0 && !self->has_modseq)
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_UNSUPPORTED,
                           "the mailbox does not number its changes");
      return FALSE;
    }
  self->takes_fetches = TRUE;
  mf_meta_init (&fetching.meta);
  mf_session_handle (self, take_reply, &fetching);
  ok = mf_session_run (self, in_flight ? NULL : command, error);
  mf_meta_clear (&fetching.meta);
  return ok;
}
