/* The trouble of fake-remote.h. */
#include "tests/fake-server.h"

#define DEADLINE_S 20

void
mf_fake_set_step (MfFake *self, MfFakeStep (*func) (gpointer), gpointer user_data)
{
  g_mutex_lock (&self->lock);
  self->step = func;
  self->step_data = user_data;
  mf_fake_unlock (self);
}

void
mf_fake_step (MfFake *self)
{
  g_mutex_lock (&self->lock);
  mf_fake_take_step (self);
  mf_fake_unlock (self);
}

void
mf_fake_set_online (MfFake *self, gboolean online)
{
  g_mutex_lock (&self->lock);
  self->online = online;
  self->epoch++;
  mf_fake_unlock (self);
}

void
mf_fake_cut (MfFake *self)
{
  g_mutex_lock (&self->lock);
  self->epoch++;
  mf_fake_unlock (self);
}

void
mf_fake_fail_in (MfFake *self, const char *mailbox, MfFakeOp op, MfRemoteError code, guint n)
{
  MfFakeFailure failure = { op, g_strdup (mailbox), code, n };

  g_assert_cmpuint (n, >, 0);
  g_mutex_lock (&self->lock);
  g_array_append_val (self->failures, failure);
  mf_fake_unlock (self);
}

void
mf_fake_fail (MfFake *self, MfFakeOp op, MfRemoteError code, guint n)
{
  mf_fake_fail_in (self, NULL, op, code, n);
}

void
mf_fake_forget_failures (MfFake *self)
{
  g_mutex_lock (&self->lock);
  g_array_set_size (self->failures, 0);
  mf_fake_unlock (self);
}

void
mf_fake_lose_answer (MfFake *self, MfFakeOp op, guint n)
{
  g_mutex_lock (&self->lock);
  self->lose[op] = n;
  mf_fake_unlock (self);
}

void
mf_fake_die_after_rows (MfFake *self, guint n)
{
  g_mutex_lock (&self->lock);
  self->rows_to_live = (gint) n;
  mf_fake_unlock (self);
}

void
mf_fake_die_in_body (MfFake *self, guint32 uid, gsize bytes)
{
  g_mutex_lock (&self->lock);
  self->die_uid = uid;
  self->die_bytes = bytes;
  mf_fake_unlock (self);
}

void
mf_fake_refuse_batches (MfFake *self, MfRemoteError code, guint n)
{
  g_mutex_lock (&self->lock);
  self->refuse_batches = n;
  self->refuse_code = code;
  mf_fake_unlock (self);
}

void
mf_fake_set_body (MfFake *self, const char *mailbox, guint32 uid, MfFakeBody how)
{
  mf_fake_lock_message (self, mailbox, uid)->how = how;
  mf_fake_unlock (self);
}

void
mf_fake_claim_size (MfFake *self, const char *mailbox, guint32 uid, guint64 size)
{
  mf_fake_lock_message (self, mailbox, uid)->size = size;
  mf_fake_unlock (self);
}

void
mf_fake_set_quota (MfFake *self, guint64 limit_bytes)
{
  g_mutex_lock (&self->lock);
  self->quota_limit_bytes = limit_bytes;
  mf_fake_unlock (self);
}

void
mf_fake_set_piece (MfFake *self, gsize bytes)
{
  g_mutex_lock (&self->lock);
  self->piece = bytes;
  mf_fake_unlock (self);
}

void
mf_fake_hold (MfFake *self, MfFakeOp op)
{
  g_mutex_lock (&self->lock);
  self->hold[op] = TRUE;
  mf_fake_unlock (self);
}

void
mf_fake_hold_one (MfFake *self, MfFakeOp op)
{
  g_mutex_lock (&self->lock);
  self->hold[op] = self->hold_one[op] = TRUE;
  mf_fake_unlock (self);
}

void
mf_fake_hold_answer (MfFake *self, MfFakeOp op)
{
  g_mutex_lock (&self->lock);
  self->hold_answer[op] = TRUE;
  mf_fake_unlock (self);
}

void
mf_fake_release (MfFake *self, MfFakeOp op)
{
  g_mutex_lock (&self->lock);
  self->hold[op] = self->hold_one[op] = self->hold_answer[op] = FALSE;
  mf_fake_unlock (self);
}

gboolean
mf_fake_wait_held (MfFake *self, MfFakeOp op, guint n)
{
  gint64 until = g_get_monotonic_time () + DEADLINE_S * G_USEC_PER_SEC;
  gboolean in_time = TRUE;

  g_mutex_lock (&self->lock);
  while (self->n_held[op] < n && in_time)
    in_time = g_cond_wait_until (&self->changed, &self->lock, until);
  g_mutex_unlock (&self->lock);
  return in_time;
}
