#include "proto/select.h"

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap
#define NO_ERROR ((MfRemoteError) -1)
#define ENABLED "C: A2 ENABLE QRESYNC", "S: * ENABLED QRESYNC", "S: A2 OK"

static void
note_message (const MfRemoteMessage *message, gpointer user_data)
{
  g_string_append_printf (user_data, "%u ", message->uid);
}

static void
note_vanished (guint32 first, guint32 last, gpointer user_data)
{
  g_string_append_printf (user_data, "-%u:%u ", first, last);
}

static const MfChangeSink sink = { note_message, note_vanished };
static const MfMailboxStatus known
    = { .uidvalidity = 67890007, .highestmodseq = 20050715194045000 };

/* Opens "x" knowing @known; returns what went to the sink. */
static char *
resync (const char *const *script, gboolean expected)
{
  GString *log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("ENABLE CONDSTORE QRESYNC", script, &account, &server);
  MfMailboxStatus status;
  gboolean resynced = !expected;

  remote.select (session, "x", FALSE, &known, &sink, log, &status, &resynced, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (resynced, ==, expected);
  remote.close (session);
  mf_scripted_assert (server);
  return g_string_free (log, FALSE);
}

static void
test_resync (void)
{
  const char *script[] = { ENABLED,
                           "C: A3 SELECT \"x\" (QRESYNC (67890007 20050715194045000))",
                           "S: * OK [CLOSED] .",
                           "S: * 314 EXISTS",
                           "S: * OK [UIDVALIDITY 67890007] .",
                           "S: * OK [UIDNEXT 567] .",
                           "S: * OK [HIGHESTMODSEQ 20060115205545359] .",
                           "S: * VANISHED (EARLIER) 41,43:116",
                           "S: * 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (20060115194045001))",
                           "S: A3 OK",
                           NULL };
  g_autofree char *log = resync (script, TRUE);

  g_assert_cmpstr (log, ==, "-41:41 -43:116 117 ");
}

/* None of it may be believed when the UIDs have another meaning now. */
static void
test_other_validity (void)
{
  const char *script[] = { ENABLED,
                           "C: A3 SELECT *",
                           "S: * OK [UIDVALIDITY 5] .",
                           "S: * OK [HIGHESTMODSEQ 9] .",
                           "S: * VANISHED (EARLIER) 1:100",
                           "S: * 1 FETCH (UID 1 FLAGS ())",
                           "S: A3 OK",
                           NULL };
  g_autofree char *log = resync (script, FALSE);

  g_assert_cmpstr (log, ==, "");
}

static void
test_ignored (void)
{
  const char *script[] = { ENABLED,
                           "C: A3 SELECT *",
                           "S: * OK [UIDVALIDITY 67890007] .",
                           "S: * OK [NOMODSEQ] .",
                           "S: A3 OK",
                           NULL };
  g_autofree char *log = resync (script, FALSE);

  g_assert_cmpstr (log, ==, "");
}

static void
test_lost_line (void)
{
  const char *script[] = { ENABLED,
                           "C: A3 SELECT *",
                           "S: * OK [UIDVALIDITY 67890007] .",
                           "S: * OK [HIGHESTMODSEQ 9] .",
                           "S: * VANISHED (EARLIER) 1:x",
                           "S: A3 OK",
                           NULL };
  g_autofree char *log = resync (script, FALSE);

  g_assert_cmpstr (log, ==, "");
}

static void
test_previous_mailbox (void)
{
  const char *script[] = { ENABLED,
                           "C: A3 SELECT *",
                           "S: * VANISHED 7",
                           "S: * 8 EXISTS",
                           "S: * OK [CLOSED] .",
                           "S: * OK [UIDVALIDITY 67890007] .",
                           "S: * OK [HIGHESTMODSEQ 9] .",
                           "S: A3 OK",
                           NULL };
  g_autofree char *log = resync (script, TRUE);

  g_assert_cmpstr (log, ==, "");
}

static void
test_status (void)
{
  const char *script[] = { "C: A2 EXAMINE \"x\"",
                           "S: * 17 EXISTS",
                           "S: * FLAGS (\\Seen)",
                           "S: * OK [PERMANENTFLAGS (\\Seen \\*)] .",
                           "S: * OK [UNSEEN 12] .",
                           "S: * OK [UIDNEXT 4392] .",
                           "S: * OK [UIDVALIDITY 3857529045] .",
                           "S: A2 OK [READ-ONLY] .",
                           NULL };
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("", script, &account, &server);
  MfMailboxStatus status;
  gboolean resynced;

  g_assert_true (
      remote.select (session, "x", TRUE, &known, &sink, NULL, &status, &resynced, NULL, NULL));
  g_assert_cmpuint (status.messages, ==, 17);
  g_assert_cmpuint (status.uidnext, ==, 4392);
  g_assert_cmpuint (status.uidvalidity, ==, 3857529045);
  g_assert_cmpuint (status.highestmodseq, ==, 0);
  g_assert_true (status.read_only);
  g_assert_cmpint (status.fixed, ==, MF_FLAGS_ALL & ~(MF_FLAG_SEEN | MF_FLAG_FORWARDED));
  g_assert_false (status.fixed_keywords);
  g_assert_false (resynced);
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_keywords (void)
{
  const char *script[] = { "C: A2 EXAMINE \"x\"", "S: * OK [PERMANENTFLAGS (\\Seen a $b)] .",
                           "S: A2 OK [READ-ONLY] .", NULL };
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("", script, &account, &server);
  MfMailboxStatus status;

  g_assert_true (
      remote.select (session, "x", TRUE, NULL, &sink, NULL, &status, NULL, NULL, NULL));
  g_assert_true (status.fixed_keywords);
  g_assert_cmpstr (remote.keywords (session), ==, " a $b");
  remote.close (session);
  mf_scripted_assert (server);
}

/* Commands that come together, before any of them is answered. */
#define ALL_OF_IT "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE"

/* Opens "x", of which nothing is known, and asks for what @next does. */
static void
open_unknown (const char *capabilities, const char *const *script, gboolean (*next) (MfRemote *),
              MfRemoteError code)
{
  static const MfMailboxStatus nothing = { 0 };
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open (capabilities, script, &account, &server);
  MfMailboxStatus status;
  gboolean ok = remote.select (session, "x", TRUE, &nothing, &sink, NULL, &status, NULL, NULL, &error);

  g_assert_cmpint (ok, ==, code == NO_ERROR);
  if (ok)
    g_assert_cmpuint (status.uidvalidity, ==, 5);
  else
    assert_remote_error (error, code);
  if (next != NULL)
    g_assert_true (next (session));
  remote.close (session);
  mf_scripted_assert (server);
}

static gboolean
fetch_4_and_7 (MfRemote *session)
{
  g_autoptr (GString) log = g_string_new (NULL);
  gboolean ok = remote.fetch (session, 1, 0, MF_FETCH_ALL, 0, &sink, log, NULL, NULL);

  g_assert_cmpstr (log->str, ==, "4 7 ");
  return ok;
}

static gboolean
say_nothing (MfRemote *session)
{
  return remote.noop (session, NULL, NULL);
}

static void
test_all_is_sent_along (void)
{
  const char *script[] = { "C: A2 EXAMINE \"x\" (CONDSTORE)",
                           "C: A3 " ALL_OF_IT " MODSEQ)",
                           "S: * 2 EXISTS",
                           "S: * OK [UIDVALIDITY 5] .",
                           "S: * OK [HIGHESTMODSEQ 9] .",
                           "S: A2 OK [READ-ONLY] .",
                           "S: * 1 FETCH (UID 4 FLAGS () MODSEQ (8))",
                           "S: * 2 FETCH (UID 7 FLAGS () MODSEQ (9))",
                           "S: A3 OK",
                           NULL };

  open_unknown ("CONDSTORE", script, fetch_4_and_7, NO_ERROR);
}

/* The mailbox has no MODSEQ, and the server minds the question: it is asked again. */
static void
test_all_is_asked_for_again (void)
{
  const char *script[] = { "C: A2 EXAMINE \"x\" (CONDSTORE)",
                           "C: A3 " ALL_OF_IT " MODSEQ)",
                           "S: * 2 EXISTS",
                           "S: * OK [UIDVALIDITY 5] .",
                           "S: * OK [NOMODSEQ] .",
                           "S: A2 OK [READ-ONLY] .",
                           "C: A4 " ALL_OF_IT ")",
                           "S: A3 BAD No MODSEQ here",
                           "S: * 1 FETCH (UID 4 FLAGS ())",
                           "S: * 2 FETCH (UID 7 FLAGS ())",
                           "S: A4 OK",
                           NULL };

  open_unknown ("CONDSTORE", script, fetch_4_and_7, NO_ERROR);
}

/* Then what was sent along is refused as well, and concerns nobody. */
static void
test_all_of_what_is_missing (void)
{
  const char *script[] = { "C: A2 EXAMINE \"x\"",
                           "C: A3 " ALL_OF_IT ")",
                           "S: A2 NO [NONEXISTENT] .",
                           "C: A4 NOOP",
                           "S: A3 BAD No mailbox selected",
                           "S: A4 OK",
                           NULL };

  open_unknown ("", script, say_nothing, MF_REMOTE_ERROR_NOT_FOUND);
}

/* A server whose answers are in no order says nothing of what is open. */
static void
test_out_of_order (void)
{
  const char *script[] = { "C: A2 EXAMINE \"x\"",
                           "C: A3 " ALL_OF_IT ")",
                           "S: A3 OK",
                           "S: A2 OK",
                           NULL };

  open_unknown ("", script, NULL, MF_REMOTE_ERROR_PROTOCOL);
}

static void
test_missing (void)
{
  const char *script[] = { "C: A2 SELECT \"x\"", "S: A2 NO [NONEXISTENT] .", NULL };
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("", script, &account, &server);
  MfMailboxStatus status;

  g_assert_false (
      remote.select (session, "x", FALSE, NULL, NULL, NULL, &status, NULL, NULL, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_NOT_FOUND);
  remote.close (session);
  mf_scripted_assert (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/select/changes-come-with-it", test_resync);
  g_test_add_func ("/select/changes-under-another-uidvalidity-are-dropped", test_other_validity);
  g_test_add_func ("/select/a-server-that-does-not-resync-is-noticed", test_ignored);
  g_test_add_func ("/select/a-lost-line-means-not-resynced", test_lost_line);
  g_test_add_func ("/select/the-previous-mailbox-is-kept-apart", test_previous_mailbox);
  g_test_add_func ("/select/status-of-a-simple-server", test_status);
  g_test_add_func ("/select/keywords-that-may-be-changed", test_keywords);
  g_test_add_func ("/select/no-such-mailbox", test_missing);
  g_test_add_func ("/select/all-of-a-mailbox-is-asked-for-in-the-same-breath", test_all_is_sent_along);
  g_test_add_func ("/select/without-modseq-it-is-asked-for-again", test_all_is_asked_for_again);
  g_test_add_func ("/select/all-of-what-is-missing-concerns-nobody", test_all_of_what_is_missing);
  g_test_add_func ("/select/answers-out-of-order-are-refused", test_out_of_order);
  return g_test_run ();
}
