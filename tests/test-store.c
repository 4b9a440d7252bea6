#include "proto/store.h"

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap
#define SELECT "C: A2 SELECT \"x\"", "S: * 9 EXISTS", "S: A2 OK"

typedef struct
{
  MfAccount account;
  MfScripted *server;
  MfRemote *session;
  GError *error;
  MfUidSet *uids;
  GString *log;
} Fixture;

static void
begin_with (Fixture *f, const char *caps, const char *const *script, const char *uids)
{
  MfMailboxStatus status;

  f->error = NULL;
  f->log = g_string_new (NULL);
  f->uids = mf_uidset_parse (uids);
  f->session = mf_scripted_open (caps, script, &f->account, &f->server);
  g_assert_true (
      remote.select (f->session, "x", FALSE, NULL, NULL, NULL, &status, NULL, NULL, NULL));
}

static void
end (Fixture *f)
{
  g_clear_error (&f->error);
  g_string_free (f->log, TRUE);
  mf_uidset_free (f->uids);
  remote.close (f->session);
  mf_scripted_assert (f->server);
}

static void
note_message (const MfRemoteMessage *message, gpointer user_data)
{
  g_string_append_printf (user_data, "%u/%x/%s ", message->uid, message->flags, message->keywords);
}

static const MfChangeSink sink = { note_message, NULL };

static void
test_flags (void)
{
  const char *script[] = { SELECT,
                           "C: A3 UID STORE 1:3 +FLAGS (\\Flagged $Forwarded Junk)",
                           "S: * 1 FETCH (UID 1 FLAGS (\\Flagged $Forwarded Junk))",
                           "S: A3 OK",
                           "C: A4 UID STORE 1:3 -FLAGS.SILENT (\\Seen)",
                           "S: A4 OK",
                           NULL };
  Fixture f;

  begin_with (&f, "", script, "1:3");
  g_assert_true (remote.store (f.session, f.uids, TRUE, MF_FLAG_FLAGGED | MF_FLAG_FORWARDED, "Junk",
                               &sink, f.log, NULL, NULL));
  g_assert_cmpstr (f.log->str, ==, "1/6/Junk ");
  g_assert_true (
      remote.store (f.session, f.uids, FALSE, MF_FLAG_SEEN, NULL, NULL, NULL, NULL, NULL));
  g_assert_true (remote.store (f.session, f.uids, FALSE, 0, "", NULL, NULL, NULL, NULL));
  g_assert_false (remote.store (f.session, f.uids, TRUE, 0, "a)", NULL, NULL, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_INVALID);
  end (&f);
}

static void
test_labels (void)
{
  const char *script[]
      = { SELECT,
          "C: A3 UID STORE 1:3 +X-GM-LABELS (\"\\\\Inbox\" \"to do\" \"B&APw-ro\")",
          "S: * 1 FETCH (X-GM-LABELS (\\Inbox) UID 1)",
          "S: A3 OK",
          "C: A4 UID STORE 1:3 -X-GM-LABELS (\"x\")",
          "S: A4 NO [CANNOT] no",
          "C: A5 UID STORE 1:3 +X-GM-LABELS (\"{x}\" \"~{1}\" \"~\")",
          "S: A5 OK",
          NULL };
  Fixture f;

  begin_with (&f, "X-GM-EXT-1", script, "1:3");
  g_assert_true (remote.store_labels (f.session, f.uids, TRUE, "\\Inbox \"to do\" B\xc3\xbcro",
                                      NULL, NULL));
  g_assert_false (remote.store_labels (f.session, f.uids, FALSE, "x", NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_DENIED);
  g_assert_true (remote.store_labels (f.session, f.uids, TRUE, "{x} ~{1} ~", NULL, NULL));
  end (&f);
}

static void
test_copyuid (void)
{
  const char *script[] = { SELECT, "C: A3 UID COPY 1:3,7 \"T \\\"rash\"",
                           "S: A3 OK [COPYUID 38505 7,1:3 20,12:10] .", NULL };
  g_auto (MfCopied) copied = { 0 };
  Fixture f;
  static const MfUidPair expected[] = { { 7, 20 }, { 1, 10 }, { 2, 11 }, { 3, 12 } };

  begin_with (&f, "", script, "1:3,7");
  g_assert_true (remote.copy (f.session, f.uids, "T \"rash", &copied, NULL, NULL));
  g_assert_cmpuint (copied.uidvalidity, ==, 38505);
  g_assert_cmpmem (copied.pairs->data, copied.pairs->len * sizeof (MfUidPair), expected,
                   sizeof expected);
  end (&f);
}

static void
test_move (void)
{
  const char *script[] = { SELECT,
                           "C: A3 UID MOVE 5 \"y\"",
                           "S: * OK [COPYUID 1 5 9] .",
                           "S: * 5 EXPUNGE",
                           "S: A3 NO [EXPUNGEISSUED] half of it",
                           NULL };
  g_auto (MfCopied) copied = { 0 };
  Fixture f;

  begin_with (&f, "MOVE", script, "5");
  g_assert_false (remote.move (f.session, f.uids, "y", &copied, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_REFUSED);
  g_assert_cmpuint (copied.pairs->len, ==, 1);
  g_assert_cmpuint (g_array_index (copied.pairs, MfUidPair, 0).target, ==, 9);
  end (&f);
}

static void
test_expunge_issued (void)
{
  const char *script[] = { SELECT,
                           "C: A3 UID MOVE 5:7 \"y\"",
                           "S: * OK [COPYUID 1 5 9] .",
                           "S: A3 NO [EXPUNGEISSUED] .",
                           "C: A4 NOOP",
                           "S: * 2 EXPUNGE",
                           "S: A4 OK .",
                           "C: A5 UID MOVE 6:7 \"y\"",
                           "S: * OK [COPYUID 1 7 10] .",
                           "S: A5 OK .",
                           NULL };
  static const MfUidPair expected[] = { { 5, 9 }, { 7, 10 } };
  g_auto (MfCopied) copied = { 0 };
  Fixture f;

  begin_with (&f, "MOVE UIDPLUS", script, "5:7");
  g_assert_true (remote.move (f.session, f.uids, "y", &copied, NULL, NULL));
  g_assert_cmpmem (copied.pairs->data, copied.pairs->len * sizeof (MfUidPair), expected,
                   sizeof expected);
  end (&f);
}

/* Lists that do not fit each other, or name more than was asked for. */
static void
test_lying_copyuid (void)
{
  const char *const lies[]
      = { "S: A3 OK [COPYUID 1 1:3 5:6] .", "S: A3 OK [COPYUID 1 1:4294967295 1:4294967295] .",
          "S: A3 OK [COPYUID 1 1:4 1:4] .", "S: A3 OK [COPYUID 1] .",
          "S: A3 OK [COPYUID x y z] .",     "S: A3 OK [COPYUID 1 * 1] ." };

  for (gsize i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      const char *script[] = { SELECT, "C: A3 UID COPY *", lies[i], NULL };
      g_auto (MfCopied) copied = { 0 };
      Fixture f;

      begin_with (&f, "", script, "1:3");
      g_assert_true (remote.copy (f.session, f.uids, "y", &copied, NULL, NULL));
      g_assert_cmpuint (copied.pairs->len, ==, 0);
      end (&f);
    }
}

static void
test_unsupported (void)
{
  const char *script[] = { SELECT, NULL };
  g_auto (MfCopied) copied = { 0 };
  Fixture f;

  begin_with (&f, "", script, "1");
  g_assert_false (remote.move (f.session, f.uids, "y", &copied, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_UNSUPPORTED);
  g_clear_error (&f.error);
  g_assert_false (remote.expunge (f.session, f.uids, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_UNSUPPORTED);
  end (&f);
}

static void
test_read_only (void)
{
  const char *script[] = { "C: A2 SELECT \"x\"", "S: A2 OK [READ-ONLY] .", NULL };
  Fixture f;

  begin_with (&f, "UIDPLUS", script, "1");
  g_assert_false (remote.expunge (f.session, f.uids, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_READ_ONLY);
  end (&f);
}

/* Two lines; the second is tried although the first is refused. */
static void
test_long_set (void)
{
  const char *script[]
      = { SELECT, "C: A3 UID EXPUNGE *", "C: A4 UID EXPUNGE *", "S: A3 NO [NOPERM] .", "S: A4 OK",
          NULL };
  Fixture f;

  begin_with (&f, "UIDPLUS", script, "1");
  for (guint32 uid = 100001; uid < 104001; uid += 2)
    mf_uidset_add (f.uids, uid);
  g_assert_false (remote.expunge (f.session, f.uids, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_DENIED);
  end (&f);
}

/* Dovecot says yes where an ACL forbids it. */
static void
test_pretended_expunge (void)
{
  const char *script[] = { SELECT,          "C: A3 UID EXPUNGE 1:2", "S: A3 OK", "C: A4 UID SEARCH *",
                           "S: * SEARCH 2 3", "S: A4 OK",            NULL };
  Fixture f;

  begin_with (&f, "UIDPLUS", script, "1:2");
  g_assert_false (remote.expunge (f.session, f.uids, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_DENIED);
  end (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/flags-and-keywords-in-one-command", test_flags);
  g_test_add_func ("/store/labels-in-quotes-and-utf7", test_labels);
  g_test_add_func ("/store/pairs-follow-the-servers-order", test_copyuid);
  g_test_add_func ("/store/pairs-come-with-an-error-too", test_move);
  g_test_add_func ("/store/what-another-client-removes-does-not-keep-the-rest", test_expunge_issued);
  g_test_add_func ("/store/pairs-that-cannot-be-are-not-believed", test_lying_copyuid);
  g_test_add_func ("/store/extensions-that-are-missing", test_unsupported);
  g_test_add_func ("/store/read-only", test_read_only);
  g_test_add_func ("/store/a-yes-that-expunges-nothing-is-a-refusal", test_pretended_expunge);
  g_test_add_func ("/store/long-sets-are-several-commands", test_long_set);
  return g_test_run ();
}
