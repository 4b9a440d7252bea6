#include "proto/login.h"

#include <string.h>

#include "tests/scripted-imapd.h"

/* Opens a session with a server that plays @script; NULL with @error. */
static MfRemote *
open_with (MfScripted *server, MfAccount *account, GError **error)
{
  return mf_remote_imap.open (account, NULL, error);
}

static void
expect_failure (const char *const *script, MfTls tls, MfRemoteError code, const char *words)
{
  MfScripted *server = mf_scripted_new (script);
  MfAccount account = mf_scripted_account (server);
  g_autoptr (GError) error = NULL;

  account.tls = tls;
  account.timeout_ms = 1000;
  g_assert_null (open_with (server, &account, &error));
  assert_remote_error (error, (gint)code);
  if (words != NULL)
    g_assert_nonnull (strstr (error->message, words));
  mf_scripted_assert (server);
}

static void
test_asks_capabilities (void)
{
  const char *script[] = { "S: * OK hello",
                           "C: A1 CAPABILITY",
                           "S: * CAPABILITY IMAP4rev1 IDLE",
                           "S: A1 OK",
                           "C: A2 LOGIN \"u\" \"pw\"",
                           "S: A2 OK in",
                           "C: A3 CAPABILITY",
                           "S: * CAPABILITY IMAP4rev1 Move UIDPLUS",
                           "S: A3 OK",
                           NULL };
  MfScripted *server = mf_scripted_new (script);
  MfAccount account = mf_scripted_account (server);
  g_autoptr (GError) error = NULL;
  MfRemote *session = open_with (server, &account, &error);

  g_assert_no_error (error);
  g_assert_cmpint (mf_remote_imap.caps (session), ==, MF_CAP_MOVE | MF_CAP_UIDPLUS);
  mf_remote_imap.close (session);
  mf_scripted_assert (server);
}

/* What a server offers and what it does are two things. */
static void
test_enabled (gconstpointer data)
{
  gboolean says_so = GPOINTER_TO_INT (data);
  const char *script[] = { "C: A2 ENABLE QRESYNC",
                           "C: A3 ID *",
                           says_so ? "S: * ENABLED QRESYNC" : "S: * ENABLED",
                           "S: A2 OK",
                           "S: * ID NIL",
                           "S: A3 OK",
                           "C: A4 NOOP",
                           "S: A4 OK",
                           NULL };
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("ENABLE CONDSTORE QRESYNC ID", script, &account, &server);

  g_assert_true (mf_remote_imap.noop (session, NULL, NULL));
  g_assert_cmpint (mf_remote_imap.caps (session), ==,
                   MF_CAP_CONDSTORE | (says_so ? MF_CAP_QRESYNC : 0));
  mf_remote_imap.close (session);
  mf_scripted_assert (server);
}

/* The next command leaves before they are answered. */
static void
test_nobody_waits_for_enable (void)
{
  const char *script[] = { "C: A2 ENABLE QRESYNC",
                           "C: A3 ID *",
                           "C: A4 NOOP",
                           "S: * ENABLED QRESYNC",
                           "S: A2 OK",
                           "S: A3 BAD What?",
                           "S: A4 OK",
                           NULL };
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("ENABLE QRESYNC ID", script, &account, &server);

  g_assert_true (mf_remote_imap.noop (session, NULL, NULL));
  g_assert_cmpint (mf_remote_imap.caps (session), ==, MF_CAP_CONDSTORE | MF_CAP_QRESYNC);
  mf_remote_imap.close (session);
  mf_scripted_assert (server);
}

static void
test_greetings (void)
{
  const char *bye[] = { "S: * BYE Too many simultaneous connections", NULL };
  const char *gone[] = { "S: * BYE Closed for repair", NULL };
  const char *ssh[] = { "S: SSH-2.0-OpenSSH_9.2", "H", NULL };
  const char *http[] = { "S: * 3 EXISTS", "H", NULL };
  const char *nothing[] = { NULL };

  expect_failure (bye, MF_TLS_NONE, MF_REMOTE_ERROR_BUSY, "Too many");
  expect_failure (gone, MF_TLS_NONE, MF_REMOTE_ERROR_OFFLINE, "Closed for repair");
  expect_failure (ssh, MF_TLS_NONE, MF_REMOTE_ERROR_PROTOCOL, "not an IMAP server");
  expect_failure (http, MF_TLS_NONE, MF_REMOTE_ERROR_PROTOCOL, "not an IMAP server");
  expect_failure (nothing, MF_TLS_NONE, MF_REMOTE_ERROR_OFFLINE, NULL);
}

static void
test_preauth (void)
{
  const char *script[]
      = { "S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE] known", "C: A1 NOOP", "S: A1 OK", NULL };
  MfScripted *server = mf_scripted_new (script);
  MfAccount account = mf_scripted_account (server);
  MfRemote *session = open_with (server, &account, NULL);

  g_assert_nonnull (session);
  g_assert_true (mf_remote_imap.noop (session, NULL, NULL));
  mf_remote_imap.close (session);
  mf_scripted_assert (server);
}

static void
test_preauth_before_starttls (void)
{
  const char *script[] = { "S: * PREAUTH [CAPABILITY IMAP4rev1] known", "H", NULL };

  expect_failure (script, MF_TLS_STARTTLS, MF_REMOTE_ERROR_TLS, "STARTTLS");
}

static void
test_no_starttls (void)
{
  const char *script[]
      = { "S: * OK [CAPABILITY IMAP4rev1] hi", "C: A1 STARTTLS", "S: A1 BAD what", "H", NULL };

  expect_failure (script, MF_TLS_STARTTLS, MF_REMOTE_ERROR_TLS, "does not offer STARTTLS");
}

static void
test_injection (void)
{
  const char *script[]
      = { "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi", "C: A1 STARTTLS",
          "R: A1 OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA2 OK injected\r\n", "H", NULL };

  expect_failure (script, MF_TLS_STARTTLS, MF_REMOTE_ERROR_TLS, "before the TLS handshake");
}

static void
test_no_tls_there (void)
{
  const char *implicit[] = { "S: * OK this is clear text", "H", NULL };

  expect_failure (implicit, MF_TLS_IMPLICIT, MF_REMOTE_ERROR_TLS, NULL);
}

/* ---- secrets ---------------------------------------------------------- */

static char *
count_secrets (const char *refused, gpointer user_data, GCancellable *cancellable, GError **error)
{
  guint *asked = user_data;

  g_assert_cmpstr (refused, ==, *asked > 0 ? "old" : NULL);
  (*asked)++;
  return g_strdup (refused != NULL ? "new" : "old");
}

static MfRemote *
open_asking (const char *const *script, guint *asked, MfScripted **server, MfAccount *account,
             GError **error)
{
  *server = mf_scripted_new (script);
  *account = mf_scripted_account (*server);
  account->secret = count_secrets;
  account->secret_data = asked;
  return open_with (*server, account, error);
}

static void
test_secret_again (void)
{
  const char *script[] = { "S: * OK [CAPABILITY IMAP4rev1] hi",  "C: A1 LOGIN \"u\" \"old\"",
                           "S: A1 NO [EXPIRED] too old",         "N",
                           "S: * OK [CAPABILITY IMAP4rev1] hi",  "C: A1 LOGIN \"u\" \"new\"",
                           "S: A1 OK [CAPABILITY IMAP4rev1] in", NULL };
  guint asked = 0;
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = open_asking (script, &asked, &server, &account, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (asked, ==, 2);
  mf_remote_imap.close (session);
  mf_scripted_assert (server);
}

static void
test_secret_not_thrice (void)
{
  const char *script[] = { "S: * OK [CAPABILITY IMAP4rev1] hi",
                           "C: A1 LOGIN \"u\" \"old\"",
                           "S: A1 NO no",
                           "N",
                           "S: * OK [CAPABILITY IMAP4rev1] hi",
                           "C: A1 LOGIN \"u\" \"new\"",
                           "S: A1 NO [AUTHENTICATIONFAILED] still no",
                           NULL };
  guint asked = 0;
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;

  g_assert_null (open_asking (script, &asked, &server, &account, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_AUTH);
  g_assert_cmpstr (error->message, ==, "still no");
  g_assert_cmpuint (asked, ==, 2);
  mf_scripted_assert (server);
}

static void
test_busy_is_not_auth (void)
{
  const char *script[]
      = { "S: * OK [CAPABILITY IMAP4rev1] hi", "C: A1 LOGIN \"u\" \"old\"",
          "S: A1 NO [UNAVAILABLE] Suggested Backoff Time: 29000 milliseconds", "H", NULL };
  guint asked = 0;
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;

  g_assert_null (open_asking (script, &asked, &server, &account, &error));
  mf_scripted_assert (server);
  assert_remote_error (error, MF_REMOTE_ERROR_BUSY);
  g_assert_cmpuint (mf_remote_error_backoff_ms (error), ==, 29000);
  g_assert_cmpuint (asked, ==, 1);
}

static void
test_login_disabled (void)
{
  const char *script[] = { "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi", "H", NULL };

  expect_failure (script, MF_TLS_NONE, MF_REMOTE_ERROR_AUTH, "no way to log in");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/login/capabilities-are-asked-again-after-it", test_asks_capabilities);
  g_test_add_data_func ("/login/qresync-counts-when-enabled", GINT_TO_POINTER (TRUE), test_enabled);
  g_test_add_func ("/login/nobody-waits-for-enable", test_nobody_waits_for_enable);
  g_test_add_data_func ("/login/qresync-does-not-count-when-only-offered", GINT_TO_POINTER (FALSE),
                        test_enabled);
  g_test_add_func ("/login/greetings", test_greetings);
  g_test_add_func ("/login/preauth", test_preauth);
  g_test_add_func ("/login/preauth-cannot-avoid-starttls", test_preauth_before_starttls);
  g_test_add_func ("/login/starttls-is-required", test_no_starttls);
  g_test_add_func ("/login/nothing-is-taken-over-into-tls", test_injection);
  g_test_add_func ("/login/clear-text-where-tls-should-be", test_no_tls_there);
  g_test_add_func ("/login/a-refused-secret-is-asked-for-once-more", test_secret_again);
  g_test_add_func ("/login/a-refused-secret-is-asked-for-only-once-more", test_secret_not_thrice);
  g_test_add_func ("/login/a-busy-server-is-no-wrong-password", test_busy_is_not_auth);
  g_test_add_func ("/login/logindisabled-is-respected", test_login_disabled);
  return g_test_run ();
}
