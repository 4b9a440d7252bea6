#include "proto/dial.h"

#include <glib/gstdio.h>
#include <string.h>

#include "proto/stream.h"

/* A TLS server that greets whoever comes, with a certificate made for the test. */
typedef struct
{
  GSocketListener *listener;
  guint16 port;
  GTlsCertificate *certificate; /* (nullable) NULL: says nothing at all */
  GThread *thread;
  char *directory, *ca;
} Fixture;

static gboolean
openssl (const char *directory, const char *arguments)
{
  g_autofree char *command = g_strconcat ("openssl ", arguments, NULL);
  g_auto (GStrv) argv = NULL;
  gint status = -1;

  g_shell_parse_argv (command, NULL, &argv, NULL);
  return g_spawn_sync (directory, argv, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL
                           | G_SPAWN_STDERR_TO_DEV_NULL,
                       NULL, NULL, NULL, NULL, &status, NULL)
         && status == 0;
}

#define EC "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "

/* "ca.pem" signs "server.pem", made out to @names. */
static gboolean
make_certificates (Fixture *f, const char *names, const char *days)
{
  g_autofree char *extensions = g_build_filename (f->directory, "ext", NULL);
  g_autofree char *sign
      = g_strdup_printf ("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
                         "-out server.pem -extfile ext -days %s",
                         days);

  return g_file_set_contents (extensions, names, -1, NULL)
         && openssl (f->directory,
                     "req -x509 " EC "-keyout ca.key -out ca.pem -days 3 -subj /CN=test")
         && openssl (f->directory,
                     "req -x509 " EC "-keyout other.key -out other.pem -days 3 -subj /CN=other")
         && openssl (f->directory, "req " EC "-keyout server.key -out server.csr -subj /CN=server")
         && openssl (f->directory, sign);
}

static gpointer
serve (gpointer data)
{
  Fixture *f = data;
  g_autoptr (GSocketConnection) connection
      = g_socket_listener_accept (f->listener, NULL, NULL, NULL);
  g_autoptr (GIOStream) tls = NULL;
  char byte;

  if (f->certificate == NULL)
    {
      while (g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), &byte, 1,
                                  NULL, NULL)
             > 0)
        ;
      return NULL;
    }
  tls = g_tls_server_connection_new (G_IO_STREAM (connection), f->certificate, NULL);
  if (g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, NULL))
    {
      g_output_stream_write_all (g_io_stream_get_output_stream (tls), "hello", 5, NULL, NULL, NULL);
      g_input_stream_read (g_io_stream_get_input_stream (tls), &byte, 1, NULL, NULL);
    }
  g_socket_close (g_socket_connection_get_socket (connection), NULL);
  return NULL;
}

static gboolean
begin (Fixture *f, const char *names, const char *days)
{
  memset (f, 0, sizeof *f);
  f->directory = g_dir_make_tmp ("mailfs-dial-XXXXXX", NULL);
  if (names != NULL)
    {
      g_autofree char *certificate = g_build_filename (f->directory, "server.pem", NULL);
      g_autofree char *key = g_build_filename (f->directory, "server.key", NULL);

      if (!make_certificates (f, names, days))
        {
          g_test_skip ("no openssl");
          return FALSE;
        }
      f->certificate = g_tls_certificate_new_from_files (certificate, key, NULL);
      g_assert_nonnull (f->certificate);
    }
  f->ca = g_build_filename (f->directory, "ca.pem", NULL);
  f->listener = g_socket_listener_new ();
  f->port = g_socket_listener_add_any_inet_port (f->listener, NULL, NULL);
  f->thread = g_thread_new ("tls", serve, f);
  return TRUE;
}

static void
end (Fixture *f)
{
  static const char *const files[]
      = { "ca.pem",     "ca.key",     "ca.srl",     "other.pem", "other.key",
          "server.pem", "server.key", "server.csr", "ext" };

  g_thread_join (f->thread);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (f->directory, files[i], NULL);

      g_remove (path);
    }
  g_rmdir (f->directory);
  g_clear_object (&f->certificate);
  g_object_unref (f->listener);
  g_free (f->directory);
  g_free (f->ca);
}

static MfAccount
account_for (const Fixture *f)
{
  return (MfAccount){ .host = "localhost",
                      .port = f->port,
                      .tls = MF_TLS_IMPLICIT,
                      .ca_file = f->ca,
                      .timeout_ms = 3000 };
}

static void
expect_refusal (Fixture *f, const MfAccount *account, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mf_stream_open (account, NULL, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
  end (f);
}

#define GOOD "subjectAltName=DNS:localhost"

static void
test_good (void)
{
  Fixture f;
  MfAccount account;
  g_autoptr (GError) error = NULL;
  MfStream *stream;
  const char *bytes;

  if (!begin (&f, GOOD, "3"))
    return;
  account = account_for (&f);
  stream = mf_stream_open (&account, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (mf_stream_is_private (stream));
  while (mf_stream_peek (stream, &bytes) < 5)
    g_assert_true (mf_stream_fill (stream, NULL, NULL));
  g_assert_cmpmem (bytes, 5, "hello", 5);
  mf_stream_free (stream);
  end (&f);
}

static void
test_wrong_host (void)
{
  Fixture f;
  MfAccount account;

  if (!begin (&f, "subjectAltName=DNS:mail.example.com", "3"))
    return;
  account = account_for (&f);
  expect_refusal (&f, &account, "another host name");
}

/* Of a host that only the name server has told. */
static void
test_another_name_is_asked_for (void)
{
  Fixture f;
  MfAccount account;
  MfStream *stream;

  if (!begin (&f, "subjectAltName=DNS:example.com", "3"))
    return;
  account = account_for (&f);
  account.tls_name = "example.com";
  stream = mf_stream_open (&account, NULL, NULL);
  g_assert_nonnull (stream);
  mf_stream_free (stream);
  end (&f);
}

static void
test_the_host_alone_does_not_do (void)
{
  Fixture f;
  MfAccount account;

  if (!begin (&f, GOOD, "3"))
    return;
  account = account_for (&f);
  account.tls_name = "example.com";
  account.user = "alice@example.com";
  expect_refusal (&f, &account, "mount imaps://alice@example.com@localhost");
}

static void
test_expired (void)
{
  Fixture f;
  MfAccount account;

  if (!begin (&f, GOOD, "-1"))
    return;
  account = account_for (&f);
  expect_refusal (&f, &account, "expired");
}

static void
test_unknown_issuer (void)
{
  Fixture f;
  MfAccount account;
  g_autofree char *other = NULL;

  if (!begin (&f, GOOD, "3"))
    return;
  other = g_build_filename (f.directory, "other.pem", NULL);
  account = account_for (&f);
  account.ca_file = other;
  expect_refusal (&f, &account, "issuer is not known");
}

static void
test_system_authorities (void)
{
  Fixture f;
  MfAccount account;

  if (!begin (&f, GOOD, "3"))
    return;
  account = account_for (&f);
  account.ca_file = NULL;
  expect_refusal (&f, &account, "issuer is not known");
}

static void
test_silent (void)
{
  Fixture f;
  MfAccount account;
  g_autoptr (GError) error = NULL;

  if (!begin (&f, NULL, NULL))
    return;
  account = account_for (&f);
  account.ca_file = NULL;
  account.timeout_ms = 200;
  g_assert_null (mf_stream_open (&account, NULL, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
  g_assert_nonnull (strstr (error->message, "no answer"));
  end (&f);
}

static void
test_nobody (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  MfAccount account = { .host = "127.0.0.1", .tls = MF_TLS_IMPLICIT, .timeout_ms = 3000 };
  MfAccount nowhere
      = { .host = "no.such.host.invalid", .port = 993, .tls = MF_TLS_IMPLICIT, .timeout_ms = 3000 };
  g_autoptr (GError) refused = NULL;
  g_autoptr (GError) unknown = NULL;

  account.port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_socket_listener_close (listener);
  g_assert_null (mf_stream_open (&account, NULL, &refused));
  g_assert_error (refused, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
  g_assert_nonnull (strstr (refused->message, "connection refused"));
  g_assert_null (mf_stream_open (&nowhere, NULL, &unknown));
  g_assert_error (unknown, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  MfAccount account
      = { .host = "127.0.0.1", .port = 1, .tls = MF_TLS_IMPLICIT, .timeout_ms = 3000 };
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (mf_stream_open (&account, cancellable, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dial/a-good-certificate", test_good);
  g_test_add_func ("/dial/a-certificate-of-another-host", test_wrong_host);
  g_test_add_func ("/dial/another-name-is-asked-for", test_another_name_is_asked_for);
  g_test_add_func ("/dial/the-host-alone-does-not-do", test_the_host_alone_does_not_do);
  g_test_add_func ("/dial/an-expired-certificate", test_expired);
  g_test_add_func ("/dial/an-unknown-issuer", test_unknown_issuer);
  g_test_add_func ("/dial/the-systems-authorities-by-default", test_system_authorities);
  g_test_add_func ("/dial/a-server-that-does-not-shake-hands", test_silent);
  g_test_add_func ("/dial/nobody-there", test_nobody);
  g_test_add_func ("/dial/cancelled", test_cancelled);
  return g_test_run ();
}
