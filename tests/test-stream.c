#include "proto/stream.h"

#include <string.h>

#include "tests/scripted-imapd.h"

typedef struct
{
  MfAccount account;
  MfScripted *server;
  MfStream *stream;
  GError *error;
} Fixture;

static void
begin (Fixture *f, const char *const *script)
{
  f->error = NULL;
  f->server = mf_scripted_new (script);
  f->account = mf_scripted_account (f->server);
  f->stream = mf_stream_open (&f->account, NULL, &f->error);
  g_assert_no_error (f->error);
}

static void
end (Fixture *f)
{
  g_clear_error (&f->error);
  mf_stream_free (f->stream);
  mf_scripted_assert (f->server);
}

static void
test_in_place (void)
{
  const char *script[] = { "R: hello", "C: more", "R: world", "H", NULL };
  const char *bytes;
  Fixture f;

  begin (&f, script);
  g_assert_cmpuint (mf_stream_peek (f.stream, &bytes), ==, 0);
  while (mf_stream_peek (f.stream, &bytes) < 5)
    g_assert_true (mf_stream_fill (f.stream, NULL, NULL));
  g_assert_cmpmem (bytes, 5, "hello", 5);
  mf_stream_consume (f.stream, 3);
  g_assert_true (mf_stream_write (f.stream, "more\r\n", 6, NULL, NULL));
  g_assert_true (mf_stream_flush (f.stream, NULL, NULL));
  while (mf_stream_peek (f.stream, &bytes) < 7)
    g_assert_true (mf_stream_fill (f.stream, NULL, NULL));
  g_assert_cmpmem (bytes, 7, "loworld", 7);
  end (&f);
}

static void
test_wait (void)
{
  const char *script[] = { "C: go", "R: x", "C: end", NULL };
  g_autoptr (GCancellable) wake = g_cancellable_new ();
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  const char *bytes;
  Fixture f;

  begin (&f, script);
  g_assert_cmpint (mf_stream_wait (f.stream, 20, NULL, NULL, NULL), ==, MF_STREAM_TIMEOUT);
  g_cancellable_cancel (wake);
  g_assert_cmpint (mf_stream_wait (f.stream, 60000, wake, NULL, NULL), ==, MF_STREAM_WOKEN);
  mf_stream_write (f.stream, "go\r\n", 4, NULL, NULL);
  g_assert_true (mf_stream_flush (f.stream, NULL, NULL));
  g_assert_cmpint (mf_stream_wait (f.stream, 60000, NULL, NULL, NULL), ==, MF_STREAM_READY);
  /* What is in the buffer needs no waiting, whatever else is the case. */
  g_assert_cmpint (mf_stream_wait (f.stream, 0, wake, NULL, NULL), ==, MF_STREAM_READY);
  mf_stream_consume (f.stream, mf_stream_peek (f.stream, &bytes));
  g_cancellable_cancel (cancelled);
  g_assert_cmpint (mf_stream_wait (f.stream, 60000, NULL, cancelled, &f.error), ==,
                   MF_STREAM_FAILED);
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  mf_stream_write (f.stream, "end\r\n", 5, NULL, NULL);
  g_assert_true (mf_stream_flush (f.stream, NULL, NULL));
  g_clear_error (&f.error);
  g_assert_cmpint (mf_stream_wait (f.stream, 60000, NULL, NULL, &f.error), ==, MF_STREAM_FAILED);
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  end (&f);
}

static void
test_deaf_server (void)
{
  g_autofree char *block = g_strnfill (64 * 1024 * 1024, 'x');
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  MfAccount account;
  MfStream *stream;
  g_autoptr (GError) error = NULL;

  account = (MfAccount){ .host = "127.0.0.1",
                         .port = g_socket_listener_add_any_inet_port (listener, NULL, NULL),
                         .tls = MF_TLS_NONE,
                         .timeout_ms = 200 };
  stream = mf_stream_open (&account, NULL, &error);
  g_assert_no_error (error);
  /* Connected, but nobody ever reads. */
  g_assert_false (mf_stream_write (stream, block, strlen (block), NULL, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_OFFLINE);
  mf_stream_free (stream);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream/bytes-are-read-in-place", test_in_place);
  g_test_add_func ("/stream/each-way-a-wait-can-end", test_wait);
  g_test_add_func ("/stream/a-server-that-does-not-read-is-given-up", test_deaf_server);
  return g_test_run ();
}
