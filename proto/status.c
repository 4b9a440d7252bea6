#include "proto/status.h"

#include <string.h>

#include "proto/quote.h"

const char *
mf_status_items (const MfRemote *self)
{
  return mf_session_can (self, "CONDSTORE") || mf_session_can (self, "QRESYNC")
             ? "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
             : "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)";
}

static void
take_item (MfMailboxStatus *status, const MfScan *name, guint64 value)
{
  if (mf_scan_is (name, "HIGHESTMODSEQ"))
    status->highestmodseq = value;
  else if (value > G_MAXUINT32)
    return;
  else if (mf_scan_is (name, "MESSAGES"))
    status->messages = (guint32)value;
  else if (mf_scan_is (name, "UNSEEN"))
    status->unseen = (guint32)value;
  else if (mf_scan_is (name, "UIDNEXT"))
    status->uidnext = (guint32)value;
  else if (mf_scan_is (name, "UIDVALIDITY"))
    status->uidvalidity = (guint32)value;
}

gboolean
mf_status_parse (MfScan args, GString *name, MfMailboxStatus *out)
{
  MfMailboxStatus status = { 0 };

  g_string_truncate (name, 0);
  if (!mf_scan_string (&args, name) || !mf_scan_char (&args, ' ') || !mf_scan_char (&args, '('))
    return FALSE;
  while (!mf_scan_char (&args, ')'))
    {
      MfScan item;
      guint64 value;

      if (!mf_scan_word (&args, &item))
        return FALSE;
      mf_scan_spaces (&args);
      if (mf_scan_number (&args, G_MAXINT64, &value))
        take_item (&status, &item, value);
      else if (!mf_scan_skip (&args))
        return FALSE;
      mf_scan_spaces (&args);
    }
  *out = status;
  return TRUE;
}

gboolean
mf_status_same_mailbox (const char *a, const char *b)
{
  return strcmp (a, b) == 0
         || (g_ascii_strcasecmp (a, "INBOX") == 0 && g_ascii_strcasecmp (b, "INBOX") == 0);
}

typedef struct
{
  const char *mailbox;
  GString *name;
  MfMailboxStatus status;
  gboolean is_there;
} Answer;

static void
take_reply (const MfReply *reply, gpointer user_data)
{
  Answer *answer = user_data;
  MfMailboxStatus status;

  if (mf_reply_is (reply, "STATUS") && mf_status_parse (reply->args, answer->name, &status)
      && mf_status_same_mailbox (answer->name->str, answer->mailbox))
    {
      answer->status = status;
      answer->is_there = TRUE;
    }
}

gboolean
mf_status_run (MfRemote *self, const char *mailbox, MfMailboxStatus *out_status,
               GCancellable *cancellable, GError **error)
{
  g_autoptr (GString) command = g_string_new ("STATUS ");
  g_autoptr (GString) name = g_string_new (NULL);
  Answer answer = { mailbox, name };

  if (!mf_session_enter (self, cancellable, error) || !mf_quote_append (command, mailbox, error))
    return FALSE;
  g_string_append_printf (command, " %s", mf_status_items (self));
  self->takes_statuses = TRUE;
  mf_session_handle (self, take_reply, &answer);
  if (!mf_session_run (self, command->str, error))
    return FALSE;
  if (!answer.is_there)
    {
      g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_REFUSED,
                   "the server does not tell the state of “%s”", mailbox);
      return FALSE;
    }
  *out_status = answer.status;
  return TRUE;
}
