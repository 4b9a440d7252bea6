/* stream.h - a buffered byte stream over TCP and TLS.
 *
 * Shape:   one connection.  Bytes are read in place: peek, use, consume.
 * Units:   timeouts in milliseconds; the account's timeout_ms is the longest
 *          silence that reading and writing wait through.  Whoever drips is as good as
 *          silent: in four timeouts a KiB has to pass, or the clock be started anew.
 * Threads: any, one at a time.
 * Errors:  MF_REMOTE_ERROR_OFFLINE, MF_REMOTE_ERROR_TLS.  End of file is OFFLINE.
 *          After an error the stream is good for nothing but freeing.
 */
#pragma once

#include "proto/remote.h"

typedef struct _MfStream MfStream;

/* Connects, and does the TLS handshake if account->tls is MF_TLS_IMPLICIT.
 * @account is borrowed for the stream's life. */
MfStream *mf_stream_open (const MfAccount *account, GCancellable *cancellable, GError **error);
/* Closes at once. */
void mf_stream_free (MfStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfStream, mf_stream_free)

/* STARTTLS has been agreed on.  Bytes that came before the handshake are an
 * error: nobody has vouched for them (CVE-2011-0411). */
gboolean mf_stream_start_tls (MfStream *self, GCancellable *cancellable, GError **error);
gboolean mf_stream_is_private (MfStream *self);

/* What is there without waiting; valid until the next fill, wait or write. */
gsize mf_stream_peek (MfStream *self, const char **out_bytes);
void mf_stream_consume (MfStream *self, gsize size);
/* A command begins, or the server has said something whole. */
void mf_stream_start_clock (MfStream *self);
/* Waits for at least one more byte. */
gboolean mf_stream_fill (MfStream *self, GCancellable *cancellable, GError **error);

/* Queues.  What the server sends while it does not read is taken in, so that
 * two full pipes cannot block each other. */
gboolean mf_stream_write (MfStream *self, const char *bytes, gsize size, GCancellable *cancellable,
                          GError **error);
gboolean mf_stream_flush (MfStream *self, GCancellable *cancellable, GError **error);
/* As far as it goes without waiting: the last words before closing. */
void mf_stream_push (MfStream *self);

typedef enum
{
  MF_STREAM_READY,   /* there are bytes */
  MF_STREAM_TIMEOUT, /* @wait_ms are over */
  MF_STREAM_WOKEN,   /* @wake was cancelled */
  MF_STREAM_FAILED,  /* @error is set */
} MfStreamWait;

/* @wake (nullable). */
MfStreamWait mf_stream_wait (MfStream *self, guint wait_ms, GCancellable *wake,
                             GCancellable *cancellable, GError **error);
