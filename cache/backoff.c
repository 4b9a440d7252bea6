#include "cache/backoff.h"

guint
mf_backoff_next_ms (guint *backoff_ms, guint first_ms, guint most_ms)
{
  *backoff_ms = CLAMP (*backoff_ms * 2, first_ms, most_ms);
  return *backoff_ms / 2 + (guint) g_random_int_range (0, (gint32) *backoff_ms);
}
