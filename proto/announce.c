#include "proto/announce.h"

#include "proto/status.h"

enum
{
  /* More than that is told as "all may have changed". */
  MAX_MAILBOXES = 1000
};

static void
lose_track (MfRemote *self)
{
  self->tree_news = TRUE;
  g_clear_pointer (&self->announced, g_hash_table_unref);
}

void
mf_announce_note_status (MfRemote *self, MfScan args)
{
  g_autoptr (GString) name = g_string_new (NULL);
  MfMailboxStatus status;

  if (!mf_status_parse (args, name, &status))
    return;
  if (self->announced == NULL)
    self->announced = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (g_hash_table_size (self->announced) == MAX_MAILBOXES)
    lose_track (self);
  else
    g_hash_table_add (self->announced, g_strdup (name->str));
}

void
mf_announce_note (MfRemote *self, const MfReply *reply)
{
  if (!self->announces)
    return;
  if (mf_reply_has_code (reply, "NOTIFICATIONOVERFLOW"))
    {
      /* It will say no more. */
      self->announces = FALSE;
      lose_track (self);
    }
  else if (self->takes_statuses)
    return;
  else if (mf_reply_is (reply, "STATUS"))
    mf_announce_note_status (self, reply->args);
  else if (mf_reply_is (reply, "LIST") || mf_reply_is (reply, "LSUB"))
    self->tree_news = TRUE;
}

gboolean
mf_announce_has_news (const MfRemote *self)
{
  return self->tree_news || self->announced != NULL;
}

void
mf_announce_take (MfRemote *self, MfHeard *out_heard)
{
  out_heard->tree = self->tree_news;
  out_heard->mailboxes = g_steal_pointer (&self->announced);
  self->tree_news = FALSE;
}

gboolean
mf_announce_run (MfRemote *self, GCancellable *cancellable, GError **error)
{
  if (!mf_session_enter (self, cancellable, error))
    return FALSE;
  if (!mf_session_can (self, "NOTIFY"))
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_UNSUPPORTED,
                           "the server lacks NOTIFY");
      return FALSE;
    }
  self->announces = mf_session_run (
      self,
      "NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange)) (PERSONAL (MessageNew "
      "MessageExpunge FlagChange MailboxName SubscriptionChange))",
      error);
  return self->announces;
}
