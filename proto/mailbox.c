#include "proto/mailbox.h"

#include "proto/quote.h"

/* @to (nullable). */
static gboolean
run (MfRemote *self, const char *verb, const char *mailbox, const char *to,
     GCancellable *cancellable, GError **error)
{
  g_autoptr (GString) command = g_string_new (verb);

  if (!mf_session_enter (self, cancellable, error) || !mf_quote_append (command, mailbox, error))
    return FALSE;
  if (to != NULL)
    {
      g_string_append_c (command, ' ');
      if (!mf_quote_append (command, to, error))
        return FALSE;
    }
  return mf_session_run (self, command->str, error);
}

/* RFC 6154 section 3. */
static gboolean
create_with_use (MfRemote *self, const char *mailbox, const char *use, GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (GString) command = g_string_new ("CREATE ");

  if (!mf_session_enter (self, cancellable, error) || !mf_quote_append (command, mailbox, error))
    return FALSE;
  g_string_append_printf (command, " (USE (%s))", use);
  return mf_session_run (self, command->str, error);
}

/* A server may refuse a use, and make the mailbox all the same. */
gboolean
mf_mailbox_create (MfRemote *self, const char *mailbox, MfSpecialUse use,
                   GCancellable *cancellable, GError **error)
{
  gboolean tell = use == MF_USE_TRASH
                  && (mf_remote_imap.caps (self) & MF_CAP_CREATE_SPECIAL_USE) != 0;

  return (tell && create_with_use (self, mailbox, "\\Trash", cancellable, NULL))
         || run (self, "CREATE ", mailbox, NULL, cancellable, error);
}

gboolean
mf_mailbox_delete (MfRemote *self, const char *mailbox, GCancellable *cancellable, GError **error)
{
  return run (self, "DELETE ", mailbox, NULL, cancellable, error);
}

gboolean
mf_mailbox_rename (MfRemote *self, const char *mailbox, const char *to, GCancellable *cancellable,
                   GError **error)
{
  return run (self, "RENAME ", mailbox, to, cancellable, error);
}

gboolean
mf_mailbox_subscribe (MfRemote *self, const char *mailbox, gboolean on, GCancellable *cancellable,
                      GError **error)
{
  return run (self, on ? "SUBSCRIBE " : "UNSUBSCRIBE ", mailbox, NULL, cancellable, error);
}

/* ---- quota ------------------------------------------------------------ */

typedef struct
{
  MfQuota quota;
  gboolean is_there;
  GString *root;
} Answer;

static guint64
kib_to_bytes (guint64 kib)
{
  return kib > G_MAXUINT64 / 1024 ? G_MAXUINT64 : kib * 1024;
}

static guint64
room (const MfQuota *quota)
{
  return quota->limit_bytes > quota->used_bytes ? quota->limit_bytes - quota->used_bytes : 0;
}

/* "* QUOTA "root" (STORAGE 10 512 MESSAGE 3 100)": storage is in KiB. */
static void
take_reply (const MfReply *reply, gpointer user_data)
{
  Answer *self = user_data;
  MfScan s = reply->args;
  MfScan resource;
  guint64 used, limit;

  g_string_truncate (self->root, 0);
  if (!mf_reply_is (reply, "QUOTA") || !mf_scan_string (&s, self->root) || !mf_scan_char (&s, ' ')
      || !mf_scan_char (&s, '('))
    return;
  while (mf_scan_word (&s, &resource) && mf_scan_char (&s, ' ')
         && mf_scan_number (&s, G_MAXUINT64, &used) && mf_scan_char (&s, ' ')
         && mf_scan_number (&s, G_MAXUINT64, &limit))
    {
      MfQuota quota = { kib_to_bytes (used), kib_to_bytes (limit) };

      if (mf_scan_is (&resource, "STORAGE")
          && (!self->is_there || room (&quota) < room (&self->quota)))
        {
          self->quota = quota;
          self->is_there = TRUE;
        }
      mf_scan_spaces (&s);
    }
}

gboolean
mf_mailbox_quota (MfRemote *self, const char *mailbox, MfQuota *out_quota,
                  GCancellable *cancellable, GError **error)
{
  g_autoptr (GString) command = g_string_new ("GETQUOTAROOT ");
  g_autoptr (GString) root = g_string_new (NULL);
  Answer answer = { .root = root };

  if (!mf_session_enter (self, cancellable, error) || !mf_quote_append (command, mailbox, error))
    return FALSE;
  if (!mf_session_can (self, "QUOTA"))
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_UNSUPPORTED,
                           "the server lacks QUOTA");
      return FALSE;
    }
  mf_session_handle (self, take_reply, &answer);
  if (!mf_session_run (self, command->str, error))
    return FALSE;
  *out_quota = answer.quota;
  return TRUE;
}
