/* Everything below is non-blocking; waiting is done by poll() on the socket, so
 * the number of a descriptor does not matter.  A TLS layer may hold bytes that
 * poll() cannot see: hence each wait comes after a read that would block. */

#include "proto/stream.h"

#include <string.h>

#include "proto/dial.h"

enum
{
  READ_SIZE = 64 * 1024,        /* the smallest read buffer */
  WRITE_SIZE = 32 * 1024,       /* queued bytes that cause a write */
  READ_AHEAD = 64 * 1024 * 1024, /* taken in at most while writing */
  LEAST_BYTES = 1024,           /* have to pass, or an answer be whole, */
  MOST_TIMEOUTS = 4             /* in so many of the account's timeouts */
};

struct _MfStream
{
  const MfAccount *account;
  GIOStream *base, *tls; /* @tls NULL: clear text */
  GSocket *socket;
  char *buffer;
  gsize start, end, size; /* of @buffer: used from start to end */
  GByteArray *out;
  gint64 clock_ends_us; /* monotonic: by then LEAST_BYTES are to have passed, */
  gsize clocked;        /* of which so many have */
};

MfStream *
mf_stream_open (const MfAccount *account, GCancellable *cancellable, GError **error)
{
  g_autoptr (GSocketConnection) connection = mf_dial_connect (account, cancellable, error);
  g_autoptr (MfStream) self = NULL;

  if (connection == NULL)
    return NULL;
  self = g_new0 (MfStream, 1);
  self->account = account;
  self->socket = g_object_ref (g_socket_connection_get_socket (connection));
  self->base = G_IO_STREAM (g_steal_pointer (&connection));
  self->size = READ_SIZE;
  self->buffer = g_malloc (self->size);
  self->out = g_byte_array_sized_new (2 * WRITE_SIZE); /* never moved: see write_now() */
  mf_stream_start_clock (self);
  if (account->tls == MF_TLS_IMPLICIT && !mf_stream_start_tls (self, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
mf_stream_start_tls (MfStream *self, GCancellable *cancellable, GError **error)
{
  if (self->start != self->end)
    {
      g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS,
                   "%s port %u: data before the TLS handshake", self->account->host,
                   self->account->port);
      return FALSE;
    }
  self->tls = mf_dial_tls (self->account, self->base, cancellable, error);
  return self->tls != NULL;
}

gboolean
mf_stream_is_private (MfStream *self)
{
  return self->tls != NULL;
}

static GIOStream *
top (MfStream *self)
{
  return self->tls != NULL ? self->tls : self->base;
}

gsize
mf_stream_peek (MfStream *self, const char **out_bytes)
{
  *out_bytes = self->buffer + self->start;
  return self->end - self->start;
}

void
mf_stream_consume (MfStream *self, gsize size)
{
  g_return_if_fail (size <= self->end - self->start);
  self->start += size;
}

/* ---- waiting ---------------------------------------------------------- */

static gboolean
set_cancelled (MfStream *self, GError **error)
{
  g_autoptr (GError) cause = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");

  mf_dial_set_error (self->account, cause, error);
  return FALSE;
}

/* Adds @cancellable (nullable) to the descriptors to poll. */
static gboolean
watch (GCancellable *cancellable, GPollFD *fds, guint *n)
{
  if (cancellable == NULL || !g_cancellable_make_pollfd (cancellable, &fds[*n]))
    return FALSE;
  (*n)++;
  return TRUE;
}

/* @out_ready gets what the socket is ready for. */
static MfStreamWait
wait_socket (MfStream *self, GIOCondition condition, gint64 deadline_us, GCancellable *wake,
             GCancellable *cancellable, GIOCondition *out_ready, GError **error)
{
  GPollFD fds[3] = { { g_socket_get_fd (self->socket), condition, 0 } };
  guint n = 1;
  gboolean watches_wake = watch (wake, fds, &n);
  gboolean watches_cancel = watch (cancellable, fds, &n);
  gint ready = 0;

  while (ready <= 0)
    {
      gint64 left_us = deadline_us - g_get_monotonic_time ();

      ready = g_poll (fds, n, left_us <= 0 ? 0 : (gint)MIN ((left_us + 999) / 1000, G_MAXINT));
      if (ready == 0 && left_us <= 0)
        break;
    }
  if (watches_wake)
    g_cancellable_release_fd (wake);
  if (watches_cancel)
    g_cancellable_release_fd (cancellable);
  *out_ready = fds[0].revents;
  if (g_cancellable_is_cancelled (cancellable))
    {
      set_cancelled (self, error);
      return MF_STREAM_FAILED;
    }
  if (g_cancellable_is_cancelled (wake))
    return MF_STREAM_WOKEN;
  return fds[0].revents != 0 ? MF_STREAM_READY : MF_STREAM_TIMEOUT;
}

static gint64
deadline_in (guint ms)
{
  return g_get_monotonic_time () + (gint64)ms * 1000;
}

void
mf_stream_start_clock (MfStream *self)
{
  self->clock_ends_us = deadline_in (MOST_TIMEOUTS * self->account->timeout_ms);
  self->clocked = 0;
}

static void
note_progress (MfStream *self, gsize size)
{
  self->clocked += size;
  if (self->clocked >= LEAST_BYTES)
    mf_stream_start_clock (self);
}

/* Waits through the account's timeout, or what is left for who drips. */
static gboolean
wait_patiently (MfStream *self, GIOCondition condition, GCancellable *cancellable,
                GIOCondition *out_ready, GError **error)
{
  gint64 deadline_us = MIN (deadline_in (self->account->timeout_ms), self->clock_ends_us);

  switch (
      wait_socket (self, condition, deadline_us, NULL, cancellable, out_ready, error))
    {
    case MF_STREAM_READY:
      return TRUE;
    case MF_STREAM_FAILED:
      return FALSE;
    default:
      mf_dial_set_timeout (self->account, error);
      return FALSE;
    }
}

/* ---- reading ---------------------------------------------------------- */

static void
make_room (MfStream *self)
{
  if (self->start == self->end)
    {
      self->start = self->end = 0;
      if (self->size > READ_SIZE) /* it grew to let a write go on */
        self->buffer = g_realloc (self->buffer, self->size = READ_SIZE);
    }
  if (self->end < self->size)
    return;
  if (self->start > 0)
    {
      memmove (self->buffer, self->buffer + self->start, self->end - self->start);
      self->end -= self->start;
      self->start = 0;
      return;
    }
  self->size *= 2;
  self->buffer = g_realloc (self->buffer, self->size);
}

/* Without waiting.  @out_got 0: there is nothing now. */
static gboolean
read_now (MfStream *self, gsize *out_got, GError **error)
{
  GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (top (self)));
  g_autoptr (GError) cause = NULL;
  gssize got;

  make_room (self);
  got = g_pollable_input_stream_read_nonblocking (in, self->buffer + self->end,
                                                  self->size - self->end, NULL, &cause);
  *out_got = 0;
  if (got > 0)
    {
      self->end += (gsize)got;
      *out_got = (gsize)got;
      note_progress (self, (gsize)got);
      if (self->account->traffic != NULL)
        g_atomic_pointer_add (&self->account->traffic->received_bytes, got);
      return TRUE;
    }
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return TRUE;
  if (cause == NULL)
    cause = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "end of file");
  mf_dial_set_error (self->account, cause, error);
  return FALSE;
}

gboolean
mf_stream_fill (MfStream *self, GCancellable *cancellable, GError **error)
{
  GIOCondition ready;
  gsize got;

  for (;;)
    {
      if (g_cancellable_is_cancelled (cancellable))
        return set_cancelled (self, error);
      if (!read_now (self, &got, error))
        return FALSE;
      if (got > 0)
        return TRUE;
      if (!wait_patiently (self, G_IO_IN, cancellable, &ready, error))
        return FALSE;
    }
}

MfStreamWait
mf_stream_wait (MfStream *self, guint wait_ms, GCancellable *wake, GCancellable *cancellable,
                GError **error)
{
  gint64 deadline_us = deadline_in (wait_ms);
  GIOCondition ready;
  MfStreamWait result;
  gsize got;

  for (;;)
    {
      if (self->start < self->end)
        return MF_STREAM_READY;
      if (!read_now (self, &got, error))
        return MF_STREAM_FAILED;
      if (got > 0)
        return MF_STREAM_READY;
      result = wait_socket (self, G_IO_IN, deadline_us, wake, cancellable, &ready, error);
      if (result != MF_STREAM_READY)
        return result;
    }
}

/* ---- writing ---------------------------------------------------------- */

/* As much of the queue as goes without waiting.  There may be a password in it, so
 * nothing of what has gone stays. */
static gboolean
write_now (MfStream *self, GError **error)
{
  GPollableOutputStream *out
      = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (top (self)));
  g_autoptr (GError) cause = NULL;
  gsize done = 0;

  while (done < self->out->len && cause == NULL)
    {
      gssize put = g_pollable_output_stream_write_nonblocking (out, self->out->data + done,
                                                               self->out->len - done, NULL, &cause);

      if (put > 0)
        done += (gsize)put;
    }
  if (done > 0)
    {
      g_byte_array_remove_range (self->out, 0, (guint)done);
      explicit_bzero (self->out->data + self->out->len, done);
    }
  note_progress (self, done);
  if (self->account->traffic != NULL)
    g_atomic_pointer_add (&self->account->traffic->sent_bytes, (gssize)done);
  if (cause == NULL || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return TRUE;
  mf_dial_set_error (self->account, cause, error);
  return FALSE;
}

gboolean
mf_stream_flush (MfStream *self, GCancellable *cancellable, GError **error)
{
  for (;;)
    {
      gboolean has_room = self->end - self->start < READ_AHEAD;
      GIOCondition ready;
      gsize got;

      if (g_cancellable_is_cancelled (cancellable))
        return set_cancelled (self, error);
      if (!write_now (self, error))
        return FALSE;
      if (self->out->len == 0)
        return TRUE;
      if (!wait_patiently (self, has_room ? G_IO_IN | G_IO_OUT : G_IO_OUT, cancellable, &ready,
                           error))
        return FALSE;
      if (has_room && (ready & G_IO_IN) && !read_now (self, &got, error))
        return FALSE;
    }
}

gboolean
mf_stream_write (MfStream *self, const char *bytes, gsize size, GCancellable *cancellable,
                 GError **error)
{
  while (size > 0)
    {
      guint part = (guint)MIN (size, WRITE_SIZE);

      g_byte_array_append (self->out, (const guint8 *)bytes, part);
      bytes += part;
      size -= part;
      if (self->out->len >= WRITE_SIZE && !mf_stream_flush (self, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

void
mf_stream_push (MfStream *self)
{
  write_now (self, NULL);
}

void
mf_stream_free (MfStream *self)
{
  if (self == NULL)
    return;
  /* Not g_io_stream_close(): over TLS that would wait for the peer. */
  g_socket_close (self->socket, NULL);
  g_clear_object (&self->tls);
  g_clear_object (&self->base);
  g_clear_object (&self->socket);
  explicit_bzero (self->buffer, self->size);
  g_free (self->buffer);
  if (self->out->len > 0)
    explicit_bzero (self->out->data, self->out->len);
  g_byte_array_unref (self->out);
  g_free (self);
}
