#include "fs/recent.h"

#define MOMENT_US (10 * G_USEC_PER_SEC)
#define MAX_DELIVERIES 64

typedef struct
{
  MfMsgId id;
  gint64 at_us; /* monotonic */
} Delivery;

struct _MfRecent
{
  Delivery deliveries[MAX_DELIVERIES]; /* a ring */
  guint n;                             /* ever */
};

MfRecent *
mf_recent_new (void)
{
  return g_new0 (MfRecent, 1);
}

void
mf_recent_free (MfRecent *self)
{
  g_free (self);
}

void
mf_recent_add (MfRecent *self, MfMsgId id)
{
  self->deliveries[self->n++ % MAX_DELIVERIES] = (Delivery){ id, g_get_monotonic_time () };
}

gboolean
mf_recent_has (const MfRecent *self, MfMsgId id)
{
  gint64 since_us = g_get_monotonic_time () - MOMENT_US;

  for (guint i = 0; i < MAX_DELIVERIES; i++)
    if (self->deliveries[i].id == id && self->deliveries[i].at_us > since_us)
      return TRUE;
  return FALSE;
}
