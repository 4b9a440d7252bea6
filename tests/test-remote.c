#include "proto/remote.h"

#include <string.h>

#include "tests/scripted-imapd.h"

static void
test_table (void)
{
  gpointer const *members = (gpointer const *)&mf_remote_imap;

  for (gsize i = 0; i < sizeof mf_remote_imap / sizeof (gpointer); i++)
    g_assert_nonnull (members[i]);
}

static void
test_backoff (void)
{
  g_autoptr (GError) said
      = g_error_new_literal (MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY,
                             "Slow down. Suggested Backoff Time: 29000 milliseconds");
  g_autoptr (GError) huge = g_error_new_literal (MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY,
                                                 "suggested backoff time: 99999999999999999999");
  g_autoptr (GError) other
      = g_error_new_literal (MF_REMOTE_ERROR, MF_REMOTE_ERROR_REFUSED, "Suggested Backoff Time: 5");

  g_assert_cmpuint (mf_remote_error_backoff_ms (said), ==, 29000);
  g_assert_cmpuint (mf_remote_error_backoff_ms (huge), ==, G_MAXUINT);
  g_assert_cmpuint (mf_remote_error_backoff_ms (other), ==, 0);
}

/* ---- mutated transcripts ---------------------------------------------- */

/* What a server says to run_everything(), if all goes well. */
static const char transcript[]
    = "* OK [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC LIST-EXTENDED LIST-STATUS SPECIAL-USE "
      "MOVE UIDPLUS QUOTA IDLE ESEARCH X-GM-EXT-1] hi\r\n"
      "A1 OK [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC LIST-EXTENDED LIST-STATUS SPECIAL-USE "
      "MOVE UIDPLUS QUOTA IDLE ESEARCH X-GM-EXT-1] in\r\n"
      "* ENABLED QRESYNC\r\nA2 OK\r\n"
      "* LIST (\\Subscribed \\Trash) \"/\" {5}\r\nTrash\r\n* LIST (\\Noselect) NIL \"a \\\"b\" "
      "(\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
      "* STATUS Trash (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1 HIGHESTMODSEQ "
      "12345678901)\r\nA3 OK\r\n"
      "* OK [CLOSED] .\r\n* 3 EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] "
      ".\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 12] .\r\n"
      "* OK [HIGHESTMODSEQ 99] .\r\n* VANISHED (EARLIER) 1:2,4\r\n* 1 FETCH (UID 3 FLAGS (\\Seen "
      "$Forwarded Junk) MODSEQ (98))\r\nA4 OK [READ-WRITE] .\r\n"
      "* 1 FETCH (UID 3 FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE "
      "4286 MODSEQ (98) X-GM-MSGID 1278455344230334865 X-GM-THRID 12 "
      "X-GM-LABELS (\\Inbox \"a b\" {3}\r\nx\"y))\r\n* 2 FETCH (UID 5 FLAGS () FOO (bar (baz "
      "\"(\")) BODY[HEADER] {4}\r\nA: b RFC822.SIZE 5)\r\nA5 OK\r\n"
      "* ESEARCH (TAG \"A6\") UID ALL 3,5,9\r\nA6 OK\r\n"
      "* 1 FETCH (UID 3 BODY[] {10}\r\nabcdefghij)\r\n* 2 FETCH (BODY[] \"q\\\"q\" UID 5 FLAGS "
      "(\\Seen))\r\n* 3 FETCH (UID 9 BODY[] NIL)\r\nA7 OK\r\n"
      "* 2 FETCH (UID 5 FLAGS (\\Flagged x) MODSEQ (100))\r\nA8 OK\r\nA9 OK [COPYUID 8 3,5 10:11] "
      ".\r\n* OK [COPYUID 8 3 12] .\r\n* VANISHED 3\r\nA10 OK\r\n"
      "+ go\r\nA11 OK [APPENDUID 7 13] .\r\n* QUOTAROOT x \"\"\r\n* QUOTA \"\" (STORAGE 10 "
      "512)\r\nA12 OK\r\n"
      "+ idling\r\n* 4 EXISTS\r\nA13 OK\r\nA14 NO [NONEXISTENT] no such mailbox\r\n";

static void
take_folder (const MfRemoteFolder *folder, gpointer user_data)
{
  g_assert_cmpuint (strlen (folder->mailbox), >, 0);
}

static void
take_message (const MfRemoteMessage *message, gpointer user_data)
{
  g_assert_true (!message->has_flags || g_utf8_validate (message->keywords, -1, NULL));
}

static void
take_vanished (guint32 first, guint32 last, gpointer user_data)
{
  g_assert_true (0 < first && first <= last);
}

static gboolean
next_batch (MfUidSet *batch, gpointer user_data)
{
  gint *state = user_data;

  mf_uidset_add_range (batch, 3, 9);
  return state[0]++ == 0;
}

static void
begin_body (gpointer user_data)
{
  g_assert_cmpint (((gint *)user_data)[1]++, ==, 0);
}

static void
take_data (const char *bytes, gsize size, gpointer user_data)
{
  g_assert_cmpint (((gint *)user_data)[1], ==, 1);
}

static void
end_body (guint32 uid, gboolean complete, gpointer user_data)
{
  g_assert_cmpint (((gint *)user_data)[1]--, ==, 1);
}

static void
take_answer (const MfUidSet *batch, const GError *error, gpointer user_data)
{
  g_assert_cmpint (((gint *)user_data)[1], ==, 0);
}

static gssize
read_letter (char *buffer, gsize size, gpointer user_data)
{
  *buffer = 'x';
  return 1;
}

static gboolean
run_everything (MfRemote *session)
{
  static const MfChangeSink changes = { take_message, take_vanished };
  static const MfBodySink bodies = { next_batch, begin_body, take_data, end_body, take_answer };
  const MfRemoteOps *ops = &mf_remote_imap;
  const MfMailboxStatus known = { .uidvalidity = 7, .highestmodseq = 90 };
  g_autoptr (MfUidSet) uids = mf_uidset_new ();
  g_auto (MfCopied) copied = { 0 }, moved = { 0 };
  MfUpload upload = { .size = 3, .read = read_letter };
  g_auto (MfHeard) heard = { 0 };
  MfMailboxStatus status;
  MfQuota quota;
  gint state[2] = { 0, 0 };
  gboolean flag, ok;
  guint done;
  guint32 uidvalidity;

  ok = ops->list (session, TRUE, take_folder, NULL, NULL, NULL);
  ok &= ops->select (session, "x", FALSE, &known, &changes, NULL, &status, &flag, NULL, NULL);
  ok &= ops->fetch (session, 1, 0, MF_FETCH_ALL, 0, &changes, NULL, NULL, NULL);
  ok &= ops->uids (session, uids, NULL, NULL);
  ok &= ops->bodies (session, &bodies, state, NULL, NULL);
  g_assert_cmpint (state[1], ==, 0);
  mf_uidset_add (uids, 5);
  ok &= ops->store (session, uids, TRUE, MF_FLAG_FLAGGED, "x", &changes, NULL, NULL, NULL);
  ok &= ops->copy (session, uids, "y", &copied, NULL, NULL);
  ok &= ops->move (session, uids, "y", &moved, NULL, NULL);
  ok &= ops->append (session, "x", &upload, 1, &done, &uidvalidity, NULL, NULL);
  ok &= ops->quota (session, "x", &quota, NULL, NULL);
  /* The change announced by the move comes first. */
  ok &= ops->idle (session, 1000, NULL, &heard, NULL, NULL);
  ok &= ops->idle (session, 1000, NULL, &heard, NULL, NULL);
  ok &= !ops->status (session, "z", &status, NULL, NULL);
  return ok;
}

static void
mutate (GString *text)
{
  static const char *const words[] = { "(",         ")",   "\"", "{5}\r\n",   "{4294967296}\r\n",
                                       "\r\n",      "* ",  "+ ", "A5 OK\r\n", "4294967295",
                                       "0",         "NIL", "\\", "[",         "]",
                                       "* BYE\r\n", " " };
  gsize at = (gsize)g_test_rand_int_range (0, (gint32)text->len);
  gsize size = (gsize)g_test_rand_int_range (1, 40);

  size = MIN (size, text->len - at);
  switch (g_test_rand_int_range (0, 5))
    {
    case 0:
      text->str[at] = (char)g_test_rand_int_range (0, 256);
      break;
    case 1:
      g_string_erase (text, (gssize)at, (gssize)size);
      break;
    case 2:
      g_string_insert (text, (gssize)at, words[g_test_rand_int_range (0, G_N_ELEMENTS (words))]);
      break;
    case 3:
      {
        g_autofree char *copy = g_memdup2 (text->str + at, size);

        g_string_insert_len (text, g_test_rand_int_range (0, (gint32)text->len), copy,
                             (gssize)size);
      }
      break;
    default:
      if (g_test_rand_int_range (0, 8) == 0)
        g_string_truncate (text, MAX (at, 1));
    }
}

/* Returns whether everything went well. */
static gboolean
play (const GString *text)
{
  MfScripted *server = mf_scripted_new_bytes (text->str, text->len);
  MfAccount account = mf_scripted_account (server);
  MfRemote *session = mf_remote_imap.open (&account, NULL, NULL);
  gboolean ok = FALSE;

  if (session != NULL)
    {
      ok = run_everything (session);
      mf_remote_imap.close (session);
    }
  mf_scripted_assert (server);
  return ok;
}

static void
test_transcript (void)
{
  g_autoptr (GString) text = g_string_new (transcript);

  g_assert_true (play (text));
}

/* Whatever the server says: no crash, and no waiting for what cannot come.  The
 * count is MAILFS_FUZZ, the seed --seed. */
static void
test_mutations (void)
{
  const char *wanted = g_getenv ("MAILFS_FUZZ");
  guint rounds = wanted != NULL ? (guint)g_ascii_strtoull (wanted, NULL, 10) : 300;

  for (guint i = 0; i < rounds; i++)
    {
      g_autoptr (GString) text = g_string_new (transcript);
      gint64 start = g_get_monotonic_time ();

      for (gint n = g_test_rand_int_range (1, 6); n > 0; n--)
        mutate (text);
      play (text);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote/the-table-is-complete", test_table);
  g_test_add_func ("/remote/backoff", test_backoff);
  g_test_add_func ("/remote/a-whole-transcript", test_transcript);
  g_test_add_func ("/remote/mutated-transcripts", test_mutations);
  return g_test_run ();
}
