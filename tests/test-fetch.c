#include "proto/fetch.h"

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap

static void
note_message (const MfRemoteMessage *message, gpointer user_data)
{
  g_string_append_printf (user_data, "%u/%x/%s/%" G_GUINT64_FORMAT " ", message->uid,
                          message->flags, message->keywords != NULL ? message->keywords : "-",
                          message->modseq);
}

static void
note_vanished (guint32 first, guint32 last, gpointer user_data)
{
  g_string_append_printf (user_data, "-%u:%u ", first, last);
}

static const MfChangeSink sink = { note_message, note_vanished };

#define SELECT_QRESYNC                                                                             \
  "C: A2 ENABLE QRESYNC", "S: * ENABLED QRESYNC", "S: A2 OK", "C: A3 SELECT \"x\" (CONDSTORE)",    \
      "S: * 3 EXISTS", "S: * OK [UIDVALIDITY 1] .", "S: * OK [HIGHESTMODSEQ 9] .", "S: A3 OK"

static MfRemote *
open_selected (const char *const *script, MfAccount *account, MfScripted **server)
{
  MfRemote *session = mf_scripted_open ("ENABLE CONDSTORE QRESYNC IDLE", script, account, server);
  MfMailboxStatus status;

  g_assert_true (remote.select (session, "x", FALSE, NULL, NULL, NULL, &status, NULL, NULL, NULL));
  return session;
}

static void
test_lines (void)
{
  const char *script[] = { SELECT_QRESYNC,
                           "C: A4 UID FETCH 5:9 (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)",
                           "S: * 1 FETCH (UID 5 FLAGS (\\Seen a) MODSEQ (7))",
                           "S: * 2 FETCH (FUTURE (x) UID 6 FLAGS ())",
                           "S: * 3 FETCH (UID",
                           "S: * 3 FETCH (FLAGS (\\Seen))",
                           "S: * 4 FETCH (UID 99 FLAGS ())",
                           "S: * VANISHED 7",
                           "S: A4 OK",
                           NULL };
  g_autoptr (GString) log = g_string_new (NULL);
  MfAccount account;
  MfScripted *server;
  MfRemote *session = open_selected (script, &account, &server);

  g_assert_true (remote.fetch (session, 5, 9, MF_FETCH_ALL, 0, &sink, log, NULL, NULL));
  g_assert_cmpstr (log->str, ==, "5/10/a/7 6/0//0 -7:7 ");
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_delta (void)
{
  const char *script[] = { SELECT_QRESYNC,
                           "C: A4 UID FETCH 1:* (UID FLAGS MODSEQ) (CHANGEDSINCE 5 VANISHED)",
                           "S: * VANISHED (EARLIER) 1:2,4",
                           "S: * VANISHED (EARLIER) 4294967296",
                           "S: * 1 FETCH (UID 3 FLAGS () MODSEQ (6))",
                           "S: A4 OK",
                           NULL };
  g_autoptr (GString) log = g_string_new (NULL);
  MfAccount account;
  MfScripted *server;
  MfRemote *session = open_selected (script, &account, &server);

  g_assert_true (remote.fetch (session, 1, 0, MF_FETCH_FLAGS, 5, &sink, log, NULL, NULL));
  g_assert_cmpstr (log->str, ==, "-1:2 -4:4 3/0//6 ");
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_star (void)
{
  const char *script[] = { SELECT_QRESYNC, "C: A4 UID FETCH 7:* (UID FLAGS MODSEQ)",
                           "S: * 3 FETCH (UID 5 FLAGS ())", "S: A4 OK", NULL };
  g_autoptr (GString) log = g_string_new (NULL);
  MfAccount account;
  MfScripted *server;
  MfRemote *session;
  g_auto (MfHeard) heard = { 0 };

  session = open_selected (script, &account, &server);
  g_assert_true (remote.fetch (session, 7, 0, MF_FETCH_FLAGS, 0, &sink, log, NULL, NULL));
  g_assert_cmpstr (log->str, ==, "");
  /* And that was no news either. */
  g_assert_true (remote.idle (session, 0, NULL, &heard, NULL, NULL));
  g_assert_false (heard.here);
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_refused (void)
{
  const char *script[] = { SELECT_QRESYNC, "C: A4 UID FETCH *", "S: * 1 FETCH (UID 5 FLAGS ())",
                           "S: A4 NO [LIMIT] No more", NULL };
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = open_selected (script, &account, &server);

  g_assert_false (remote.fetch (session, 1, 0, MF_FETCH_FLAGS, 0, &sink, log, NULL, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_QUOTA);
  g_assert_cmpstr (log->str, ==, "5/0//0 ");
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_without_modseq (void)
{
  const char *script[] = { "C: A2 SELECT \"x\"", "S: * 1 EXISTS",
                           "S: A2 OK",           "C: A3 UID FETCH 1:* (UID FLAGS)",
                           "S: A3 OK",           NULL };
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("", script, &account, &server);
  MfMailboxStatus status;

  g_assert_true (remote.select (session, "x", FALSE, NULL, NULL, NULL, &status, NULL, NULL, NULL));
  g_assert_false (remote.fetch (session, 1, 0, MF_FETCH_FLAGS, 5, &sink, NULL, NULL, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_UNSUPPORTED);
  g_assert_true (remote.fetch (session, 1, 0, MF_FETCH_FLAGS, 0, &sink, NULL, NULL, NULL));
  remote.close (session);
  mf_scripted_assert (server);
}

static void
count_message (const MfRemoteMessage *message, gpointer user_data)
{
  (*(guint *)user_data)++;
}

static void
test_hundred_thousand (void)
{
  enum
  {
    LINES = 100000
  };
  static const MfChangeSink counter = { count_message, NULL };
  g_autoptr (GString) lines = g_string_new ("R: ");
  const char *script[] = { SELECT_QRESYNC, "C: A4 UID FETCH *", NULL, "S: A4 OK", NULL };
  MfAccount account;
  MfScripted *server;
  MfRemote *session;
  guint n = 0;
  gint64 start;

  for (guint i = 1; i <= LINES; i++)
    g_string_append_printf (lines,
                            "* %u FETCH (UID %u FLAGS (\\Seen $Junk) INTERNALDATE "
                            "\"17-Jul-2026 02:44:25 +0000\" RFC822.SIZE 12345 MODSEQ (123456))\r\n",
                            i, i);
  script[9] = lines->str;
  session = open_selected (script, &account, &server);
  start = g_get_monotonic_time ();
  g_assert_true (remote.fetch (session, 1, 0, MF_FETCH_ALL, 0, &counter, &n, NULL, NULL));
  g_test_message ("%.3f us a line", (double)(g_get_monotonic_time () - start) / LINES);
  g_assert_cmpuint (n, ==, LINES);
  remote.close (session);
  mf_scripted_assert (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fetch/lines-reach-the-sink-and-odd-ones-do-not", test_lines);
  g_test_add_func ("/fetch/changes-and-what-vanished", test_delta);
  g_test_add_func ("/fetch/the-last-message-is-not-a-new-one", test_star);
  g_test_add_func ("/fetch/a-refusal-after-some-lines-is-seen", test_refused);
  g_test_add_func ("/fetch/no-modseq-is-asked-where-there-is-none", test_without_modseq);
  g_test_add_func ("/fetch/a-hundred-thousand-lines", test_hundred_thousand);
  return g_test_run ();
}
