#include "tests/fake-bodies.h"

#define WINDOW 2 /* batches of bodies asked for before the first is sent */

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
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify)mf_fake_message_free);
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

gboolean
mf_fake_send_bodies (MfRemote *self, const MfBodySink *sink, gpointer user_data,
                     GCancellable *cancellable, GError **error)
{
  Sending sending = { self, sink, user_data, cancellable };
  GQueue batches = G_QUEUE_INIT;
  gboolean ok = TRUE;

  if (mf_fake_session_enter_selected (self, MF_FAKE_BODIES, cancellable, error) == NULL)
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
  g_queue_clear_full (&batches, (GDestroyNotify)mf_uidset_free);
  return ok;
}
