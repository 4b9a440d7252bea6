#include "proto/select.h"

#include <string.h>

#include "proto/change.h"
#include "proto/code.h"
#include "proto/fetch.h"
#include "proto/quote.h"

typedef struct
{
  const MfMailboxStatus *known; /* (nullable) asked for QRESYNC */
  const MfChangeSink *sink;
  gpointer sink_data;
  MfMailboxStatus status;
  GString *keywords; /* of the session */
  gboolean lost; /* a change came that could not be passed on */
  MfMeta meta;
} Opening;

/* Whether changes may be believed to be about the UIDs that the caller knows. */
static gboolean
is_known_mailbox (const Opening *self)
{
  return self->known != NULL && self->status.uidvalidity == self->known->uidvalidity;
}

static void
take_fetch (Opening *self, const MfReply *reply)
{
  if (is_known_mailbox (self) && mf_change_parse_fetch (reply, &self->meta)
      && self->meta.message.uid != 0)
    {
      if (self->sink != NULL && self->sink->message != NULL)
        self->sink->message (&self->meta.message, self->sink_data);
    }
  else
    self->lost = TRUE;
}

static void
take_vanished (Opening *self, const MfReply *reply)
{
  gboolean is_earlier;
  g_autoptr (MfUidSet) gone = mf_change_parse_vanished (reply, &is_earlier);

  if (is_known_mailbox (self) && gone != NULL)
    mf_change_send_vanished (gone, self->sink, self->sink_data);
  else
    self->lost = TRUE;
}

/* "\*" is any keyword. */
static void
take_permanent_flags (Opening *self, const GPtrArray *words)
{
  self->status.fixed = MF_FLAGS_ALL;
  self->status.fixed_keywords = TRUE;
  g_string_truncate (self->keywords, 0);
  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);
      gboolean any = g_str_equal (word, "\\*");

      self->status.fixed &= ~(any ? MF_FLAG_FORWARDED : mf_quote_flag (word, strlen (word)));
      self->status.fixed_keywords &= !any;
      if (word[0] != '\\')
        g_string_append_printf (self->keywords, " %s", word);
    }
}

static void
take_code (Opening *self, const MfReply *reply)
{
  g_auto (MfCode) code = { 0 };

  if (mf_reply_has_code (reply, "CLOSED"))
    {
      /* Until here the server spoke of the mailbox that was open before. */
      self->status = (MfMailboxStatus){ 0 };
      g_string_truncate (self->keywords, 0);
      self->lost = FALSE;
      return;
    }
  if (mf_reply_has_code (reply, "READ-ONLY"))
    self->status.read_only = TRUE;
  if (reply->code.at == reply->code.end)
    return;
  mf_code_parse (&code, reply->code);
  switch (code.kind)
    {
    case MF_CODE_UIDVALIDITY:
      self->status.uidvalidity = (guint32)code.number;
      break;
    case MF_CODE_UIDNEXT:
      self->status.uidnext = (guint32)code.number;
      break;
    case MF_CODE_HIGHESTMODSEQ:
      self->status.highestmodseq = code.number;
      break;
    case MF_CODE_PERMANENTFLAGS:
      take_permanent_flags (self, code.words);
      break;
    default:
      break;
    }
}

static void
take_reply (const MfReply *reply, gpointer user_data)
{
  Opening *self = user_data;

  if (reply->kind != MF_REPLY_DATA)
    take_code (self, reply);
  else if (mf_reply_is (reply, "EXISTS"))
    self->status.messages = reply->number;
  else if (mf_reply_is (reply, "FETCH"))
    take_fetch (self, reply);
  else if (mf_reply_is (reply, "VANISHED"))
    take_vanished (self, reply);
}

static gboolean
append_command (MfRemote *self, GString *command, const char *mailbox, gboolean read_only,
                const MfMailboxStatus *known, GError **error)
{
  g_string_assign (command, read_only ? "EXAMINE " : "SELECT ");
  if (!mf_quote_append (command, mailbox, error))
    return FALSE;
  if (known != NULL)
    g_string_append_printf (command, " (QRESYNC (%u %" G_GUINT64_FORMAT "))", known->uidvalidity,
                            known->highestmodseq);
  else if (mf_session_can (self, "CONDSTORE") || self->qresync)
    g_string_append (command, " (CONDSTORE)");
  return TRUE;
}

/* Sends the command, and what is to follow it; waits for the answer to the first. */
static gboolean
run (MfRemote *self, const char *command, gboolean all_follows, GError **error)
{
  guint tag = mf_session_queue (self, command);
  guint answered = 0;
  GError *refusal = NULL;

  if (all_follows)
    mf_fetch_ahead (self);
  if (!mf_session_wait (self, &answered, &refusal, error))
    return FALSE;
  if (answered != tag)
    {
      g_clear_error (&refusal);
      return mf_session_protocol_error (self, "the server answers out of order", error);
    }
  if (refusal != NULL)
    g_propagate_error (error, refusal);
  return refusal == NULL;
}

gboolean
mf_select_run (MfRemote *self, const char *mailbox, gboolean read_only,
               const MfMailboxStatus *known, const MfChangeSink *sink, gpointer user_data,
               MfMailboxStatus *out_status, gboolean *out_resynced, GCancellable *cancellable,
               GError **error)
{
  g_autoptr (GString) command = g_string_new (NULL);
  Opening opening = { .sink = sink, .sink_data = user_data, .keywords = self->keywords };
  gboolean all_follows = known != NULL && known->uidvalidity == 0;
  gboolean ok;

  if (!mf_session_enter (self, cancellable, error)
      || (known != NULL && !all_follows && !mf_session_settle (self, error)))
    return FALSE;
  if (known != NULL && self->qresync && known->uidvalidity != 0 && known->highestmodseq != 0)
    opening.known = known;
  if (!append_command (self, command, mailbox, read_only, opening.known, error))
    return FALSE;
  self->takes_fetches = TRUE;
  self->selected = FALSE;
  self->has_modseq = FALSE;
  g_string_truncate (self->keywords, 0);
  mf_meta_init (&opening.meta);
  mf_session_handle (self, take_reply, &opening);
  ok = run (self, command->str, all_follows, error);
  mf_meta_clear (&opening.meta);
  if (!ok)
    return FALSE;
  opening.status.read_only |= read_only;
  self->selected = TRUE;
  self->read_only = opening.status.read_only;
  self->has_modseq = opening.status.highestmodseq != 0;
  self->exists = opening.status.messages;
  self->news = FALSE;
  *out_status = opening.status;
  if (out_resynced != NULL)
    *out_resynced = is_known_mailbox (&opening) && self->has_modseq && !opening.lost;
  return TRUE;
}
