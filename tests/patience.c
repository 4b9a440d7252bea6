#include "tests/patience.h"

#define DEADLINE_S 30

struct _MfPatience
{
  GMutex lock;
  GCond changed;
  guint calls; /* guarded by lock, as is what follows */
  int code;    /* of the last error */
};

MfPatience *
mf_patience_new (void)
{
  MfPatience *self = g_new0 (MfPatience, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->code = -1;
  return self;
}

void
mf_patience_free (MfPatience *self)
{
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mf_patience_done (const GError *error, gpointer patience)
{
  MfPatience *self = patience;

  if (error != NULL)
    g_assert_cmpuint (error->domain, ==, MF_CACHE_ERROR);
  g_mutex_lock (&self->lock);
  self->calls++;
  self->code = error != NULL ? error->code : -1;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

guint
mf_patience_calls (MfPatience *self)
{
  g_mutex_lock (&self->lock);
  guint calls = self->calls;
  g_mutex_unlock (&self->lock);
  return calls;
}

void
mf_patience_wait (MfPatience *self, guint n)
{
  gint64 until = g_get_monotonic_time () + DEADLINE_S * G_USEC_PER_SEC;
  gboolean in_time = TRUE;

  g_mutex_lock (&self->lock);
  while (self->calls < n && in_time)
    in_time = g_cond_wait_until (&self->changed, &self->lock, until);
  g_assert_cmpuint (self->calls, ==, n);
  g_mutex_unlock (&self->lock);
}

int
mf_patience_code (MfPatience *self)
{
  mf_patience_wait (self, 1);
  g_mutex_lock (&self->lock);
  int code = self->code;
  g_mutex_unlock (&self->lock);
  return code;
}
