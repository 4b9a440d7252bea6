#include "proto/announce.h"

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap
#define BEGIN "C: A2 NOTIFY SET (SELECTED (*)) (PERSONAL (*MailboxName*))", "S: A2 OK"
#define SELECT "C: A3 SELECT \"x\"", "S: * 3 EXISTS", "S: A3 OK"

typedef struct
{
  MfAccount account;
  MfScripted *server;
  MfRemote *session;
  MfHeard heard;
} Fixture;

static void
open_session (Fixture *f, const char *const *script)
{
  f->heard = (MfHeard){ 0 };
  f->session = mf_scripted_open ("IDLE NOTIFY LIST-EXTENDED LIST-STATUS", script, &f->account,
                                 &f->server);
}

static void
begin (Fixture *f, const char *const *script)
{
  MfMailboxStatus status;

  open_session (f, script);
  g_assert_true (remote.announce (f->session, NULL, NULL));
  g_assert_true (
      remote.select (f->session, "x", FALSE, NULL, NULL, NULL, &status, NULL, NULL, NULL));
}

static void
idle (Fixture *f)
{
  mf_heard_clear (&f->heard);
  g_assert_true (remote.idle (f->session, 60000, NULL, &f->heard, NULL, NULL));
}

static void
end (Fixture *f)
{
  mf_heard_clear (&f->heard);
  remote.close (f->session);
  mf_scripted_assert (f->server);
}

/* Exactly those. */
static void
assert_mailboxes (const Fixture *f, const char *a, const char *b)
{
  g_assert_nonnull (f->heard.mailboxes);
  g_assert_true (g_hash_table_contains (f->heard.mailboxes, a));
  g_assert_true (b == NULL || g_hash_table_contains (f->heard.mailboxes, b));
  g_assert_cmpuint (g_hash_table_size (f->heard.mailboxes), ==, b != NULL ? 2 : 1);
}

static void
test_messages (void)
{
  const char *script[]
      = { BEGIN,
          SELECT,
          "C: A4 IDLE",
          "R: + \r\n* STATUS y (MESSAGES 4 UIDNEXT 9)\r\n* STATUS \"z z\" (HIGHESTMODSEQ 3)\r\n",
          "C: DONE",
          "S: * STATUS y (UNSEEN 0)",
          "S: A4 OK",
          NULL };
  Fixture f;

  begin (&f, script);
  idle (&f);
  g_assert_false (f.heard.here);
  g_assert_false (f.heard.tree);
  g_assert_true (g_hash_table_contains (f.heard.mailboxes, "y"));
  end (&f);
}

static void
test_tree (void)
{
  const char *const lines[]
      = { "S: * LIST () \"/\" new", "S: * LIST (\\NonExistent) \"/\" old",
          "S: * LIST () \"/\" to (\"OLDNAME\" (from))", "S: * LSUB () \"/\" x" };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      const char *script[]
          = { BEGIN, SELECT, "C: A4 IDLE", "S: + ", lines[i], "C: DONE", "S: A4 OK", NULL };
      Fixture f;

      begin (&f, script);
      idle (&f);
      g_assert_true (f.heard.tree);
      g_assert_null (f.heard.mailboxes);
      end (&f);
    }
}

/* What came in the midst of another operation is told by the next idle, once. */
static void
test_between (void)
{
  const char *script[] = { BEGIN,
                           SELECT,
                           "C: A4 NOOP",
                           "S: * STATUS y (MESSAGES 4)",
                           "S: A4 OK",
                           "C: A5 IDLE",
                           "S: + ",
                           "S: * STATUS z (MESSAGES 4)",
                           "C: DONE",
                           "S: A5 OK",
                           NULL };
  Fixture f;

  begin (&f, script);
  g_assert_true (remote.noop (f.session, NULL, NULL));
  idle (&f);
  assert_mailboxes (&f, "y", NULL);
  idle (&f);
  assert_mailboxes (&f, "z", NULL);
  end (&f);
}

static void
take_folder (const MfRemoteFolder *folder, gpointer user_data)
{
  g_string_append_printf (user_data, "%s:%u ", folder->mailbox,
                          folder->status != NULL ? folder->status->uidvalidity : 0);
}

/* An announcement amid the answers to LIST is neither lost nor an answer. */
static void
test_in_a_listing (void)
{
  const char *script[] = { BEGIN,
                           SELECT,
                           "C: A4 LIST*",
                           "S: * LIST () \"/\" y",
                           "S: * STATUS y (MESSAGES 4 UNSEEN 0 UIDNEXT 5 UIDVALIDITY 7)",
                           "S: * STATUS y (MESSAGES 5 UIDNEXT 6)",
                           "S: A4 OK",
                           NULL };
  g_autoptr (GString) listed = g_string_new (NULL);
  Fixture f;

  begin (&f, script);
  g_assert_true (remote.list (f.session, TRUE, take_folder, listed, NULL, NULL));
  g_assert_cmpstr (listed->str, ==, "y:7 ");
  idle (&f);
  assert_mailboxes (&f, "y", NULL);
  g_assert_false (f.heard.tree);
  end (&f);
}

/* The server gives up: everything may have changed, and it is not believed any more. */
static void
test_overflow (void)
{
  const char *script[] = { BEGIN,
                           SELECT,
                           "C: A4 IDLE",
                           "S: + ",
                           "S: * OK [NOTIFICATIONOVERFLOW] too much",
                           "C: DONE",
                           "S: A4 OK",
                           "C: A5 NOOP",
                           "S: * STATUS y (MESSAGES 4)",
                           "S: A5 OK",
                           "C: A6 IDLE",
                           "S: + ",
                           "S: * 9 EXISTS",
                           "C: DONE",
                           "S: A6 OK",
                           NULL };
  Fixture f;

  begin (&f, script);
  idle (&f);
  g_assert_true (f.heard.tree);
  g_assert_true (remote.noop (f.session, NULL, NULL));
  idle (&f);
  g_assert_true (f.heard.here);
  g_assert_null (f.heard.mailboxes);
  end (&f);
}

/* More names than anybody has do not fill the memory. */
static void
test_flood (void)
{
  g_autoptr (GString) flood = g_string_new ("R: ");
  Fixture f;

  for (guint i = 0; i < 5000; i++)
    g_string_append_printf (flood, "* STATUS m%u (MESSAGES 1)\r\n", i);
  const char *script[] = { BEGIN, SELECT, "C: A4 NOOP", flood->str, "S: A4 OK", NULL };

  begin (&f, script);
  g_assert_true (remote.noop (f.session, NULL, NULL));
  idle (&f);
  g_assert_true (f.heard.tree);
  g_assert_cmpuint (f.heard.mailboxes != NULL ? g_hash_table_size (f.heard.mailboxes) : 0, <=, 1000);
  end (&f);
}

static void
test_nonsense (void)
{
  const char *script[] = { BEGIN,
                           SELECT,
                           "C: A4 NOOP",
                           "S: * STATUS",
                           "S: * STATUS y",
                           "S: * STATUS y (MESSAGES 4",
                           "S: * STATUS (y) (MESSAGES 4)",
                           "S: A4 OK",
                           "C: A5 IDLE",
                           "S: + ",
                           "S: * 4 EXISTS",
                           "C: DONE",
                           "S: A5 OK",
                           NULL };
  Fixture f;

  begin (&f, script);
  g_assert_true (remote.noop (f.session, NULL, NULL));
  idle (&f);
  g_assert_true (f.heard.here);
  g_assert_null (f.heard.mailboxes);
  end (&f);
}

/* A STATUS that nobody asked for is no news where announcements were not asked for. */
static void
test_refused (void)
{
  const char *script[] = { "C: A2 NOTIFY*",
                           "S: A2 NO [BADEVENT (FlagChange)] no",
                           "C: A3 SELECT \"x\"",
                           "S: A3 OK",
                           "C: A4 IDLE",
                           "S: + ",
                           "S: * STATUS y (MESSAGES 4)",
                           "S: * 4 EXISTS",
                           "C: DONE",
                           "S: A4 OK",
                           NULL };
  g_autoptr (GError) error = NULL;
  MfMailboxStatus status;
  Fixture f;

  open_session (&f, script);
  g_assert_false (remote.announce (f.session, NULL, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_REFUSED);
  g_assert_true (
      remote.select (f.session, "x", FALSE, NULL, NULL, NULL, &status, NULL, NULL, NULL));
  idle (&f);
  g_assert_null (f.heard.mailboxes);
  end (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/announce/messages-of-other-mailboxes-end-idle", test_messages);
  g_test_add_func ("/announce/a-change-of-the-tree-ends-idle", test_tree);
  g_test_add_func ("/announce/what-came-between-is-told-once", test_between);
  g_test_add_func ("/announce/a-listing-is-not-disturbed", test_in_a_listing);
  g_test_add_func ("/announce/an-overflow-means-that-all-may-have-changed", test_overflow);
  g_test_add_func ("/announce/a-flood-does-not-fill-the-memory", test_flood);
  g_test_add_func ("/announce/nonsense-is-no-news", test_nonsense);
  g_test_add_func ("/announce/refused-idle-is-as-ever", test_refused);
  return g_test_run ();
}
