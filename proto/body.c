#include "proto/body.h"

#include "proto/change.h"

/* One answer of sink->next.  A large one goes out as several commands. */
typedef struct
{
  MfUidSet *uids;
  GPtrArray *lines;
  guint sent, answered; /* of @lines */
  GError *refusal;      /* the first one */
} Batch;

typedef struct
{
  guint tag;
  Batch *batch; /* borrowed */
} Command;

typedef struct
{
  MfRemote *session;
  const MfBodySink *sink;
  gpointer sink_data;
  gboolean is_open; /* begin was called, end was not */
  GQueue batches;   /* Batch, oldest first */
  GArray *commands; /* Command in flight */
  MfMeta meta;
} Bodies;

static void
free_batch (gpointer data)
{
  Batch *batch = data;

  mf_uidset_free (batch->uids);
  if (batch->lines != NULL)
    g_ptr_array_unref (batch->lines);
  g_clear_error (&batch->refusal);
  g_free (batch);
}

/* ---- replies ---------------------------------------------------------- */

static void
begin_body (gpointer user_data)
{
  Bodies *self = user_data;

  self->is_open = TRUE;
  self->sink->begin (self->sink_data);
}

static void
pass_data (const char *bytes, gsize size, gpointer user_data)
{
  Bodies *self = user_data;

  self->sink->data (bytes, size, self->sink_data);
}

static void
end_body (Bodies *self, guint32 uid, gboolean complete)
{
  self->is_open = FALSE;
  self->sink->end (uid, complete, self->sink_data);
}

/* The body has gone by, or it was no literal and is here. */
static void
take_reply (const MfReply *reply, gpointer user_data)
{
  Bodies *self = user_data;
  MfMeta *meta = &self->meta;
  gboolean ok;

  if (!mf_reply_is (reply, "FETCH"))
    return;
  ok = mf_change_parse_fetch (reply, meta);
  if (!ok || meta->message.has_flags)
    self->session->news = TRUE;
  if (self->is_open)
    end_body (self, ok ? meta->message.uid : 0, ok);
  else if (ok && meta->has_body)
    {
      begin_body (self);
      if (meta->body->len > 0)
        pass_data (meta->body->str, meta->body->len, self);
      end_body (self, meta->message.uid, !meta->body_nil);
    }
}

/* ---- commands --------------------------------------------------------- */

/* Asks for a batch if there is none that still has lines to send. */
static Batch *
current_batch (Bodies *self)
{
  Batch *batch = g_queue_peek_tail (&self->batches);

  if (batch != NULL && batch->sent < batch->lines->len)
    return batch;
  batch = g_new0 (Batch, 1);
  batch->uids = mf_uidset_new ();
  if (!self->sink->next (batch->uids, self->sink_data) || mf_uidset_is_empty (batch->uids))
    {
      free_batch (batch);
      return NULL;
    }
  batch->lines = mf_uidset_to_lines (batch->uids, MF_SESSION_SET_BYTES);
  g_queue_push_tail (&self->batches, batch);
  return batch;
}

static void
send_commands (Bodies *self)
{
  Batch *batch;

  while (self->commands->len < MF_SESSION_WINDOW && (batch = current_batch (self)) != NULL)
    {
      g_autofree char *command = g_strconcat (
          "UID FETCH ", g_ptr_array_index (batch->lines, batch->sent), " (UID BODY.PEEK[])", NULL);
      Command sent = { mf_session_queue (self->session, command), batch };

      batch->sent++;
      g_array_append_val (self->commands, sent);
    }
}

static Batch *
take_command (Bodies *self, guint tag)
{
  for (guint i = 0; i < self->commands->len; i++)
    {
      Command command = g_array_index (self->commands, Command, i);

      if (command.tag == tag)
        {
          g_array_remove_index (self->commands, i);
          return command.batch;
        }
    }
  return NULL;
}

/* Takes @refusal. */
static void
take_answer (Bodies *self, guint tag, GError *refusal)
{
  Batch *batch = take_command (self, tag);

  if (batch == NULL || batch->refusal != NULL)
    g_clear_error (&refusal);
  if (batch == NULL)
    return;
  if (refusal != NULL)
    batch->refusal = refusal;
  batch->answered++;
  if (batch->answered < batch->lines->len)
    return;
  self->sink->answered (batch->uids, batch->refusal, self->sink_data);
  g_queue_remove (&self->batches, batch);
  free_batch (batch);
}

static gboolean
run (Bodies *self, GError **error)
{
  for (;;)
    {
      GError *refusal = NULL;
      guint tag;

      send_commands (self);
      if (self->commands->len == 0)
        return TRUE;
      if (!mf_session_wait (self->session, &tag, &refusal, error))
        return FALSE;
      take_answer (self, tag, refusal);
    }
}

gboolean
mf_body_run (MfRemote *self, const MfBodySink *sink, gpointer user_data, GCancellable *cancellable,
             GError **error)
{
  static const MfBodySink relay = { .begin = begin_body, .data = pass_data };
  Bodies bodies = { .session = self, .sink = sink, .sink_data = user_data };
  gboolean ok;

  if (!mf_session_enter (self, cancellable, error))
    return FALSE;
  bodies.commands = g_array_new (FALSE, FALSE, sizeof (Command));
  mf_meta_init (&bodies.meta);
  self->takes_fetches = TRUE;
  self->sink = &relay;
  self->sink_data = &bodies;
  mf_session_handle (self, take_reply, &bodies);
  ok = run (&bodies, error);
  if (bodies.is_open)
    end_body (&bodies, 0, FALSE);
  self->sink = NULL;
  self->handler = NULL;
  g_queue_clear_full (&bodies.batches, free_batch);
  g_array_unref (bodies.commands);
  mf_meta_clear (&bodies.meta);
  return ok;
}
