#include "cache/follow.h"

#include "cache/messages.h"
#include "cache/pending.h"

typedef struct
{
  MfEngine *engine;
  MfMsgId id;
} Move;

/* It was not where the index has it, and that may be old. */
typedef struct
{
  MfEngine *engine;
  MfMsgId id;
  MfFolderId home;
  guint32 uid;
  gboolean again; /* the pull may have begun before it went */
  GError *error;
} Doubt;

static void
want (MfEngine *engine, const MfMessage *message)
{
  MfWantedIn wanted = { { message->id, message->uid, message->wire_size }, message->home };

  g_mutex_lock (&engine->lock);
  g_hash_table_remove (engine->in_flight, &message->id);
  if (mf_waiters_has (engine->body_waits, message->id))
    g_queue_push_tail (engine->wanted, g_memdup2 (&wanted, sizeof wanted));
  g_cond_broadcast (&engine->changed);
  g_mutex_unlock (&engine->lock);
}

static void
refuse (MfEngine *engine, MfMsgId id, const GError *error)
{
  g_mutex_lock (&engine->lock);
  g_hash_table_remove (engine->in_flight, &id);
  GArray *waits = mf_waiters_take (engine->body_waits, id);
  g_mutex_unlock (&engine->lock);
  mf_waiters_call (waits, error);
}

static void
on_known (const GError *failure, gpointer user_data)
{
  g_autofree Move *self = user_data;
  g_autoptr (GError) error = failure != NULL ? g_error_copy (failure) : NULL;
  g_auto (MfMessage) message = { 0 };

  if (error == NULL && mf_messages_get (self->engine->db, self->id, &message, &error)
      && message.uid == 0)
    g_set_error_literal (&error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "the body has gone");
  if (error == NULL)
    want (self->engine, &message);
  else
    refuse (self->engine, self->id, error);
}

static void
free_doubt (Doubt *self)
{
  g_error_free (self->error);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Doubt, free_doubt)

static void
on_pulled (const GError *failure, gpointer user_data)
{
  g_autoptr (Doubt) self = user_data;
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) gone = NULL;

  if (failure != NULL)
    refuse (self->engine, self->id, failure);
  else if (!mf_messages_get (self->engine->db, self->id, &message, &gone))
    refuse (self->engine, self->id, gone);
  else if (message.home == self->home && message.uid == self->uid && !self->again)
    {
      Doubt *doubt = g_steal_pointer (&self);
      doubt->again = TRUE;
      mf_engine_want_folder (doubt->engine, doubt->home, on_pulled, doubt);
    }
  else if (message.home == self->home && message.uid == self->uid)
    refuse (self->engine, self->id, self->error);
  else
    want (self->engine, &message);
}

static gboolean
is_waited_for (MfEngine *engine, MfMsgId id)
{
  g_mutex_lock (&engine->lock);
  gboolean result = mf_waiters_has (engine->body_waits, id);
  g_mutex_unlock (&engine->lock);
  return result;
}

gboolean
mf_follow_doubt (MfEngine *engine, const MfMessage *message, const GError *error)
{
  Doubt *doubt;

  if (message->uid == 0 || !is_waited_for (engine, message->id))
    return FALSE;
  doubt = g_new0 (Doubt, 1);
  *doubt = (Doubt){ engine, message->id, message->home, message->uid, FALSE,
                     g_error_copy (error) };
  mf_engine_want_folder (engine, message->home, on_pulled, doubt);
  return TRUE;
}

gboolean
mf_follow_body (MfEngine *engine, const MfMessage *message, MfFolderId asked_in)
{
  gboolean sent = FALSE;

  if (message->home != asked_in && message->uid != 0)
    {
      want (engine, message);
      return TRUE;
    }
  if (!mf_pending_is_sent (engine->db, message->id, &sent, NULL) || !sent)
    return FALSE;
  Move *move = g_new0 (Move, 1);
  *move = (Move){ engine, message->id };
  mf_engine_want_pushed (engine, mf_pending_last (engine->db), FALSE, on_known, move);
  return TRUE;
}

void
mf_follow_number (MfEngine *engine, const MfMessage *message)
{
  Move *move = g_new0 (Move, 1);

  *move = (Move){ engine, message->id };
  mf_engine_want_folder (engine, message->home, on_known, move);
}

void
mf_follow_elsewhere (MfEngine *engine, const MfMessage *message, MfFolderId asked_in)
{
  gboolean known = message->home != asked_in && message->uid != 0;

  if (known || !is_waited_for (engine, message->id))
    want (engine, message);
  else
    mf_follow_number (engine, message);
}
