#include "proto/auth.h"

#include <string.h>

#include "tests/scripted-imapd.h"

static char *
give_secret (const char *refused, gpointer user_data, GCancellable *cancellable, GError **error)
{
  return refused != NULL ? NULL : g_strdup (user_data);
}

static MfRemote *
log_in (const char *const *script, MfAuth auth, const char *secret, GError **error)
{
  static MfAccount account;
  MfScripted *server = mf_scripted_new (script);
  MfRemote *session;

  account = mf_scripted_account (server);
  account.auth = auth;
  account.secret = give_secret;
  account.secret_data = (gpointer)secret;
  session = mf_remote_imap.open (&account, NULL, error);
  mf_scripted_assert (server);
  return session;
}

static void
expect_success (const char *const *script, MfAuth auth, const char *secret)
{
  g_autoptr (GError) error = NULL;
  MfRemote *session = log_in (script, auth, secret, &error);

  g_assert_no_error (error);
  mf_remote_imap.close (session);
}

static void
expect_refusal (const char *const *script, MfAuth auth, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (log_in (script, auth, "pw", &error));
  assert_remote_error (error, MF_REMOTE_ERROR_AUTH);
  g_assert_nonnull (strstr (error->message, words));
}

#define GREET(caps) "S: * OK [CAPABILITY IMAP4rev1 " caps "] hi"
#define DONE "S: A1 OK [CAPABILITY IMAP4rev1] in"

static void
test_plain (void)
{
  const char *at_once[]
      = { GREET ("SASL-IR AUTH=PLAIN"), "C: A1 AUTHENTICATE PLAIN AHUAcMO8Iiw=", DONE, NULL };
  const char *asked[] = {
    GREET ("AUTH=PLAIN"), "C: A1 AUTHENTICATE PLAIN", "S: + ", "C: AHUAcMO8Iiw=", DONE, NULL
  };
  const char *refused[]
      = { GREET ("AUTH=PLAIN"), "C: A1 AUTHENTICATE PLAIN", "S: A1 NO not you", NULL };

  expect_success (at_once, MF_AUTH_PLAIN, "p\xc3\xbc\",");
  expect_success (asked, MF_AUTH_AUTO, "p\xc3\xbc\",");
  expect_refusal (refused, MF_AUTH_PLAIN, "not you");
}

static void
test_login (void)
{
  const char *quoted[] = { GREET (""), "C: A1 LOGIN \"u\" \"p\\\"w\"", DONE, NULL };
  const char *literal[]
      = { GREET (""), "C: A1 LOGIN \"u\" {3}", "S: + ", "C: p\xc3\xbc", DONE, NULL };
  const char *plus[] = { GREET ("LITERAL+"), "C: A1 LOGIN \"u\" {3+}", "C: p\xc3\xbc", DONE, NULL };

  expect_success (quoted, MF_AUTH_AUTO, "p\"w");
  expect_success (literal, MF_AUTH_LOGIN, "p\xc3\xbc");
  expect_success (plus, MF_AUTH_LOGIN, "p\xc3\xbc");
}

static void
test_line_end (void)
{
  const char *script[] = { GREET (""), "H", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_null (log_in (script, MF_AUTH_LOGIN, "pw\r\nA2 DELETE INBOX", &error));
  assert_remote_error (error, MF_REMOTE_ERROR_AUTH);
}

static void
test_oauth (void)
{
  const char *xoauth2[]
      = { GREET ("SASL-IR"), "C: A1 AUTHENTICATE XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHRvawEB", DONE,
          NULL };
  const char *bearer[]
      = { GREET ("SASL-IR"), "C: A1 AUTHENTICATE OAUTHBEARER bixhPXUsAWhvc3Q9MTI3LjAuMC4x*", DONE,
          NULL };
  const char *refused[] = { GREET ("SASL-IR"),
                            "C: A1 AUTHENTICATE XOAUTH2 *",
                            "S: + eyJzdGF0dXMiOiI0MDEifQ==",
                            "C: ",
                            "S: A1 NO expired",
                            NULL };

  expect_success (xoauth2, MF_AUTH_XOAUTH2, "tok");
  expect_success (bearer, MF_AUTH_OAUTHBEARER, "tok");
  expect_refusal (refused, MF_AUTH_XOAUTH2, "expired");
}

/* The client notices that the server does not know the password either. */
static void
test_scram_fault (void)
{
  const char *script[] = { GREET ("AUTH=SCRAM-SHA-256"),
                           "C: A1 AUTHENTICATE SCRAM-SHA-256",
                           "S: + ",
                           "C: biwsbj11LHI9*",
                           "S: + cj1mYWtlLHM9QUFBQSxpPTQwOTY=",
                           "C: ?",
                           "S: A1 BAD called off",
                           NULL };

  expect_refusal (script, MF_AUTH_SCRAM, "does not fit");
}

static void
test_scram_with_the_command (void)
{
  const char *script[] = { GREET ("SASL-IR AUTH=SCRAM-SHA-256"),
                           "C: A1 AUTHENTICATE SCRAM-SHA-256 biwsbj11LHI9*",
                           "S: + cj1mYWtlLHM9QUFBQSxpPTQwOTY=",
                           "C: ?",
                           "S: A1 BAD called off",
                           NULL };

  expect_refusal (script, MF_AUTH_SCRAM, "does not fit");
}

static void
test_no_mechanism (void)
{
  const char *script[] = { GREET ("LOGINDISABLED AUTH=GSSAPI"), "H", NULL };
  const char *scram[] = { GREET ("AUTH=PLAIN"), "H", NULL };

  expect_refusal (script, MF_AUTH_AUTO, "no way");
  expect_refusal (scram, MF_AUTH_SCRAM, "SCRAM");
}

/* A wrong password is not tried with one mechanism after the other. */
static void
test_one_guess (void)
{
  const char *script[] = { GREET ("AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1 AUTH=PLAIN"),
                           "C: A1 AUTHENTICATE SCRAM-SHA-256",
                           "S: + ",
                           "C: *",
                           "S: A1 NO [AUTHENTICATIONFAILED] wrong",
                           "H",
                           NULL };

  expect_refusal (script, MF_AUTH_AUTO, "wrong");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/plain", test_plain);
  g_test_add_func ("/auth/login", test_login);
  g_test_add_func ("/auth/a-password-cannot-be-a-command", test_line_end);
  g_test_add_func ("/auth/oauth", test_oauth);
  g_test_add_func ("/auth/scram-with-a-false-server-is-called-off", test_scram_fault);
  g_test_add_func ("/auth/scram-begins-with-the-command", test_scram_with_the_command);
  g_test_add_func ("/auth/no-mechanism", test_no_mechanism);
  g_test_add_func ("/auth/one-guess-for-one-password", test_one_guess);
  return g_test_run ();
}
