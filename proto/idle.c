#include "proto/idle.h"

#include <string.h>

#include "proto/announce.h"

/* Servers may hang up after 30 minutes, routers forget sooner. */
guint mf_idle_renew_ms = 9 * 60 * 1000;

static gboolean
has_news (const MfRemote *self)
{
  return self->news || mf_announce_has_news (self);
}

/* What is in the buffer when "+" arrives, or inside TLS, counts as well: the
 * stream's wait looks there first. */
static gboolean
watch (MfRemote *self, guint wait_ms, GCancellable *wake, gboolean *out_over, GError **error)
{
  gint64 deadline_us = g_get_monotonic_time () + (gint64)wait_ms * 1000;

  while (!has_news (self))
    {
      gint64 left_us = deadline_us - g_get_monotonic_time ();
      g_autoptr (GError) cause = NULL;

      if (left_us <= 0)
        return TRUE;
      switch (mf_stream_wait (self->stream, (guint)((left_us + 999) / 1000), wake,
                              self->cancellable, &cause))
        {
        case MF_STREAM_READY:
          mf_stream_start_clock (self->stream);
          if (!mf_session_read (self, error))
            return FALSE;
          /* The server has had enough of it. */
          if (self->reply.kind == MF_REPLY_TAGGED)
            return mf_session_protocol_error (self, "the server ended IDLE", error);
          break;
        case MF_STREAM_TIMEOUT:
          return TRUE;
        case MF_STREAM_WOKEN:
          *out_over = TRUE;
          return TRUE;
        case MF_STREAM_FAILED:
          mf_session_kill (self, cause);
          g_propagate_error (error, g_steal_pointer (&cause));
          return FALSE;
        }
    }
  return TRUE;
}

/* One IDLE from the command to its answer. */
static gboolean
idle_once (MfRemote *self, guint wait_ms, GCancellable *wake, gboolean *out_over, GError **error)
{
  GError *refusal = NULL;

  mf_session_queue (self, "IDLE");
  if (!mf_session_wait_continue (self, NULL, &refusal, error))
    {
      if (refusal != NULL)
        g_propagate_error (error, refusal);
      else if (self->death == NULL)
        return mf_session_protocol_error (self, "the server skipped IDLE", error);
      return FALSE;
    }
  if (!watch (self, wait_ms, wake, out_over, error))
    return FALSE;
  mf_stream_start_clock (self->stream); /* it stood still through the silence */
  mf_session_put (self, "DONE\r\n", strlen ("DONE\r\n"));
  return mf_session_wait (self, NULL, NULL, error);
}

gboolean
mf_idle_run (MfRemote *self, guint wait_ms, GCancellable *wake, MfHeard *out_heard,
             GCancellable *cancellable, GError **error)
{
  gint64 deadline_us = g_get_monotonic_time () + (gint64)wait_ms * 1000;
  gboolean is_over = FALSE;

  if (!mf_session_enter (self, cancellable, error) || !mf_session_settle (self, error))
    return FALSE;
  if (!mf_session_can (self, "IDLE"))
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_UNSUPPORTED,
                           "the server lacks IDLE");
      return FALSE;
    }
  while (!has_news (self) && !is_over && !g_cancellable_is_cancelled (wake))
    {
      gint64 left_ms = (deadline_us - g_get_monotonic_time ()) / 1000;

      if (left_ms <= 0)
        break;
      if (!idle_once (self, (guint)MIN (left_ms, mf_idle_renew_ms), wake, &is_over, error))
        return FALSE;
    }
  out_heard->here = self->news;
  mf_announce_take (self, out_heard);
  self->news = FALSE;
  return TRUE;
}
