#include "proto/status.h"

#include <string.h>

#include "tests/scripted-imapd.h"

static gboolean
ask (const char *const *script, MfMailboxStatus *out, GError **error)
{
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("CONDSTORE", script, &account, &server);
  gboolean ok = mf_remote_imap.status (session, "x", out, NULL, error);

  mf_remote_imap.close (session);
  mf_scripted_assert (server);
  return ok;
}

static void
test_answer (void)
{
  const char *script[] = { "C: A2 STATUS \"x\" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)",
                           "S: * STATUS y (MESSAGES 9)",
                           "S: * STATUS x (MESSAGES 231 UIDNEXT 44292 UIDVALIDITY 4294967296 "
                           "HIGHESTMODSEQ 18446744073709551616)",
                           "S: A2 OK", NULL };
  MfMailboxStatus status;

  g_assert_true (ask (script, &status, NULL));
  g_assert_cmpuint (status.messages, ==, 231);
  g_assert_cmpuint (status.uidnext, ==, 44292);
  /* Numbers out of range are no numbers. */
  g_assert_cmpuint (status.uidvalidity, ==, 0);
  g_assert_cmpuint (status.highestmodseq, ==, 0);
}

static void
test_no_answer (void)
{
  const char *script[] = { "C: A2 STATUS *", "S: A2 OK", NULL };
  g_autoptr (GError) error = NULL;
  MfMailboxStatus status;

  g_assert_false (ask (script, &status, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_REFUSED);
}

static void
test_missing (void)
{
  const char *script[] = { "C: A2 STATUS *", "S: A2 NO [NONEXISTENT] No such mailbox", NULL };
  g_autoptr (GError) error = NULL;
  MfMailboxStatus status;

  g_assert_false (ask (script, &status, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/status/of-the-mailbox-that-was-asked-for", test_answer);
  g_test_add_func ("/status/no-answer-is-no-empty-mailbox", test_no_answer);
  g_test_add_func ("/status/no-such-mailbox", test_missing);
  return g_test_run ();
}
