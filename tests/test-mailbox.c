#include "proto/mailbox.h"

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap

static void
test_commands (void)
{
  const char *script[] = { "C: A2 CREATE \"a b\"",
                           "S: A2 NO [ALREADYEXISTS] .",
                           "C: A3 DELETE \"a\"",
                           "S: A3 OK",
                           "C: A4 RENAME \"a\" \"b\\\\c\"",
                           "S: A4 OK",
                           "C: A5 SUBSCRIBE \"a\"",
                           "S: A5 OK",
                           "C: A6 UNSUBSCRIBE \"a\"",
                           "S: A6 OK",
                           NULL };
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("", script, &account, &server);

  g_assert_false (remote.create (session, "a b", MF_USE_NONE, NULL, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_EXISTS);
  g_assert_true (remote.delete(session, "a", NULL, NULL));
  g_assert_true (remote.rename (session, "a", "b\\c", NULL, NULL));
  g_assert_true (remote.subscribe (session, "a", TRUE, NULL, NULL));
  g_assert_true (remote.subscribe (session, "a", FALSE, NULL, NULL));
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_use (void)
{
  const char *script[] = { "C: A2 CREATE \"Trash\" (USE (\\Trash))",
                           "S: A2 OK",
                           "C: A3 CREATE \"Other\" (USE (\\Trash))",
                           "S: A3 NO [USEATTR] .",
                           "C: A4 CREATE \"Other\"",
                           "S: A4 OK",
                           "C: A5 CREATE \"Plain\"",
                           "S: A5 OK",
                           NULL };
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("CREATE-SPECIAL-USE", script, &account, &server);

  g_assert_true (remote.create (session, "Trash", MF_USE_TRASH, NULL, NULL));
  g_assert_true (remote.create (session, "Other", MF_USE_TRASH, NULL, NULL));
  g_assert_true (remote.create (session, "Plain", MF_USE_NONE, NULL, NULL));
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_injection (void)
{
  const char *script[] = { NULL };
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("", script, &account, &server);

  g_assert_false (remote.create (session, "a\r\nA3 DELETE INBOX", MF_USE_NONE, NULL, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (remote.rename (session, "a", "b\n", NULL, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_INVALID);
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_quota (void)
{
  const char *script[] = { "C: A2 GETQUOTAROOT \"x\"",
                           "S: * QUOTAROOT x \"\" big",
                           "S: * QUOTA \"\" (MESSAGE 3 9 STORAGE 10 512)",
                           "S: * QUOTA big (STORAGE 8589934592 9000000000)",
                           "S: * QUOTA odd (STORAGE 99999999999999999999 1)",
                           "S: A2 OK",
                           "C: A3 GETQUOTAROOT \"y\"",
                           "S: * QUOTAROOT y",
                           "S: A3 OK",
                           NULL };
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("QUOTA", script, &account, &server);
  MfQuota quota;

  g_assert_true (remote.quota (session, "x", &quota, NULL, NULL));
  g_assert_cmpuint (quota.used_bytes, ==, 10 * 1024);
  g_assert_cmpuint (quota.limit_bytes, ==, 512 * 1024);
  g_assert_true (remote.quota (session, "y", &quota, NULL, NULL));
  g_assert_cmpuint (quota.limit_bytes, ==, 0);
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_no_quota (void)
{
  const char *script[] = { NULL };
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("", script, &account, &server);
  MfQuota quota;

  g_assert_false (remote.quota (session, "x", &quota, NULL, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_UNSUPPORTED);
  remote.close (session);
  mf_scripted_assert (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mailbox/commands", test_commands);
  g_test_add_func ("/mailbox/a use is told where it is offered", test_use);
  g_test_add_func ("/mailbox/a-name-cannot-be-a-command", test_injection);
  g_test_add_func ("/mailbox/quota-with-the-least-room", test_quota);
  g_test_add_func ("/mailbox/no-quota", test_no_quota);
  return g_test_run ();
}
