#include "tests/fake-session.h"

static void
broadcast (GCancellable *cancellable, gpointer fake)
{
  g_mutex_lock (&((MfFake *) fake)->lock);
  g_cond_broadcast (&((MfFake *) fake)->changed);
  g_mutex_unlock (&((MfFake *) fake)->lock);
}

gulong
mf_fake_session_listen (MfRemote *self, GCancellable *cancellable)
{
  return g_cancellable_connect (cancellable, G_CALLBACK (broadcast), self->fake, NULL);
}

static gboolean
is_alive (MfRemote *self)
{
  return !self->dead && self->fake->online && self->epoch == self->fake->epoch;
}

static gboolean
die (MfRemote *self, GError **error, const char *why)
{
  self->dead = TRUE;
  g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE, why);
  return FALSE;
}

gboolean
mf_fake_session_check (MfRemote *self, GCancellable *cancellable, GError **error)
{
  if (g_cancellable_is_cancelled (cancellable))
    return die (self, error, "cancelled");
  return is_alive (self) || die (self, error, "connection lost");
}

/* @hold is guarded by the server's lock. */
static void
wait_while_held (MfRemote *self, MfFakeOp op, const gboolean *hold, GCancellable *cancellable)
{
  MfFake *fake = self->fake;
  gulong handler = cancellable != NULL ? mf_fake_session_listen (self, cancellable) : 0;

  g_mutex_lock (&fake->lock);
  fake->n_held[op]++;
  g_cond_broadcast (&fake->changed);
  while (*hold && is_alive (self) && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&fake->changed, &fake->lock);
  fake->n_held[op]--;
  g_mutex_unlock (&fake->lock);
  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, handler);
}

static gboolean
kills (MfRemoteError code)
{
  return code == MF_REMOTE_ERROR_OFFLINE || code == MF_REMOTE_ERROR_TLS
         || code == MF_REMOTE_ERROR_PROTOCOL;
}

static gboolean
fail_as_told (MfRemote *self, MfFakeOp op, const char *mailbox, GError **error)
{
  for (guint i = 0; i < self->fake->failures->len; i++)
    {
      MfFakeFailure *failure = &g_array_index (self->fake->failures, MfFakeFailure, i);
      if (failure->op != op
          || (failure->mailbox != NULL && g_strcmp0 (failure->mailbox, mailbox) != 0))
        continue;
      self->dead |= kills (failure->code);
      g_set_error (error, MF_REMOTE_ERROR, failure->code, "told to fail with %d", failure->code);
      if (--failure->n == 0)
        g_array_remove_index (self->fake->failures, i);
      return TRUE;
    }
  return FALSE;
}

/* What has no part in a change. */
static gboolean
is_idle_talk (MfFakeOp op)
{
  return op == MF_FAKE_OPEN || op == MF_FAKE_QUOTA || op == MF_FAKE_IDLE || op == MF_FAKE_NOOP;
}

static gboolean
changes (MfFakeOp op)
{
  return op >= MF_FAKE_STORE && op <= MF_FAKE_SUBSCRIBE;
}

gboolean
mf_fake_session_step (MfRemote *self)
{
  return is_alive (self) && mf_fake_take_step (self->fake);
}

gboolean
mf_fake_session_enter (MfRemote *self, MfFakeOp op, const char *mailbox,
                       GCancellable *cancellable, GError **error)
{
  MfFake *fake = self->fake;

  self->cancellable = cancellable;
  g_mutex_lock (&fake->lock);
  fake->counts[op]++;
  gboolean held = fake->hold[op] && !(fake->hold_one[op] && fake->n_held[op] > 0);
  g_mutex_unlock (&fake->lock);
  if (held)
    wait_while_held (self, op, &fake->hold[op], cancellable);

  g_mutex_lock (&fake->lock);
  if (!is_idle_talk (op) && is_alive (self))
    mf_fake_take_step (fake);
  if (mf_fake_session_check (self, cancellable, error)
      && !fail_as_told (self, op, mailbox != NULL ? mailbox : self->mailbox, error))
    return TRUE;
  g_mutex_unlock (&fake->lock);
  return FALSE;
}

MfFakeMailbox *
mf_fake_session_enter_selected (MfRemote *self, MfFakeOp op, GCancellable *cancellable,
                                GError **error)
{
  if (!mf_fake_session_enter (self, op, NULL, cancellable, error))
    return NULL;
  MfFakeMailbox *mailbox = mf_fake_session_selected (self);
  if (mailbox == NULL)
    mf_fake_session_lost (self, error);
  return mailbox;
}

/* What was done is on its way to the one who asked.  FALSE: it got lost there. */
static gboolean
hold_answer (MfRemote *self, MfFakeOp op, GError **error)
{
  MfFake *fake = self->fake;

  wait_while_held (self, op, &fake->hold_answer[op], self->cancellable);
  g_mutex_lock (&fake->lock);
  gboolean ok = mf_fake_session_check (self, self->cancellable, error);
  g_mutex_unlock (&fake->lock);
  return ok;
}

gboolean
mf_fake_session_leave (MfRemote *self, MfFakeOp op, GError **error)
{
  MfFake *fake = self->fake;
  gboolean ok = !changes (op) || mf_fake_session_step (self)
                || die (self, error, "connection lost before the answer");

  if (ok && fake->lose[op] > 0)
    {
      fake->lose[op]--;
      ok = die (self, error, "connection lost before the answer");
    }
  gboolean held = ok && fake->hold_answer[op];
  g_cond_broadcast (&fake->changed);
  g_mutex_unlock (&fake->lock);
  return held ? hold_answer (self, op, error) : ok;
}

gboolean
mf_fake_session_refuse (MfRemote *self, GError **error, MfRemoteError code, const char *why)
{
  g_mutex_unlock (&self->fake->lock);
  g_set_error_literal (error, MF_REMOTE_ERROR, code, why);
  return FALSE;
}

gboolean
mf_fake_session_lost (MfRemote *self, GError **error)
{
  if (self->mailbox == NULL)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_REFUSED, "no mailbox selected");
  self->dead = TRUE;
  return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_OFFLINE, "BYE, mailbox is gone");
}

MfFakeMailbox *
mf_fake_session_selected (MfRemote *self)
{
  MfFakeMailbox *mailbox = self->mailbox != NULL ? mf_fake_find (self->fake, self->mailbox) : NULL;
  gboolean same = mailbox != NULL && mailbox->selectable
                  && mailbox->uidvalidity == self->uidvalidity;

  return same ? mailbox : NULL;
}

MfRemote *
mf_fake_session_open (const MfAccount *account, GCancellable *cancellable, GError **error)
{
  MfFake *fake = account->secret_data;
  MfRemote *self = g_new0 (MfRemote, 1);

  self->fake = fake;
  g_mutex_lock (&fake->lock);
  self->epoch = fake->epoch;
  self->caps = fake->caps;
  fake->n_sessions++;
  g_mutex_unlock (&fake->lock);
  if (mf_fake_session_enter (self, MF_FAKE_OPEN, NULL, cancellable, error)
      && mf_fake_session_leave (self, MF_FAKE_OPEN, error))
    return self;
  mf_fake_session_close (self);
  return NULL;
}

void
mf_fake_session_close (MfRemote *self)
{
  g_mutex_lock (&self->fake->lock);
  self->fake->n_sessions--;
  g_cond_broadcast (&self->fake->changed);
  g_mutex_unlock (&self->fake->lock);
  g_clear_pointer (&self->told, g_hash_table_unref);
  g_free (self->mailbox);
  g_free (self);
}
