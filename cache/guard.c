#include "cache/guard.h"

#define MINUTE_US (60 * (gint64) G_USEC_PER_SEC)

struct _MfGuard
{
  guint limit;
  gboolean tripped;
  GQueue times; /* of gint64, the oldest first; none older than a minute */
};

MfGuard *
mf_guard_new (guint limit)
{
  MfGuard *self = g_new0 (MfGuard, 1);

  self->limit = limit;
  g_queue_init (&self->times);
  return self;
}

void
mf_guard_free (MfGuard *self)
{
  g_queue_clear_full (&self->times, g_free);
  g_free (self);
}

static gboolean
is_old (const gint64 *time_us, gint64 now_us)
{
  return time_us != NULL && now_us - *time_us > MINUTE_US;
}

gboolean
mf_guard_count (MfGuard *self, gint64 now_us)
{
  if (self->limit == 0 || self->tripped)
    return self->tripped;
  while (is_old (g_queue_peek_head (&self->times), now_us))
    g_free (g_queue_pop_head (&self->times));
  g_queue_push_tail (&self->times, g_memdup2 (&now_us, sizeof now_us));
  self->tripped = self->times.length > self->limit;
  return self->tripped;
}

void
mf_guard_reset (MfGuard *self)
{
  self->tripped = FALSE;
  g_queue_clear_full (&self->times, g_free);
}
