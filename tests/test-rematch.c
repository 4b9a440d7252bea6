/* Mailboxes that are made anew: at a server with QRESYNC, and at one without. */
#include "cache/rematch.h"

#include <string.h>

#include "cache/bodywriter.h"
#include "cache/content.h"
#include "cache/folders.h"
#include "cache/messages.h"
#include "tests/rig.h"

#define QRESYNC (MF_CAP_CONDSTORE | MF_CAP_QRESYNC)
#define DATE(n) (1000000000 + 60 * (gint64)(n))

static void
set_up (MfRig *rig, gconstpointer data)
{
  mf_rig_set_up (rig, data);
  mf_fake_create (rig->fake, "box");
  mf_rig_put_folder (rig, "box");
  mf_rig_sql (rig, "UPDATE folder SET uidvalidity = 0, tag = NULL");
}

static void
pull (MfRig *rig)
{
  mf_rig_pull_folder (rig, "box");
}

static gboolean
try_pull (MfRig *rig)
{
  g_autoptr (GError) error = NULL;

  return mf_rig_try_pull_folder (rig, "box", &error);
}

/* ---- another client --------------------------------------------------- */

/* All of one length. */
static char *
make_text (guint n)
{
  return g_strdup_printf ("Message-ID: <%04u@x>\r\nSubject: x\r\n\r\nText %04u\r\n", n, n);
}

static void
put_text (MfRig *rig, const char *text, gint64 date)
{
  guint32 uid = mf_fake_append (rig->fake, "box", text, 0, NULL);

  mf_fake_set_date (rig->fake, "box", uid, date);
}

static void
put (MfRig *rig, guint n)
{
  g_autofree char *text = make_text (n);

  put_text (rig, text, DATE (n));
}

static void
put_range (MfRig *rig, guint first, guint last)
{
  for (guint n = first; n <= last; n++)
    put (rig, n);
}

static void
make_anew (MfRig *rig)
{
  mf_fake_remove (rig->fake, "box");
  mf_fake_create (rig->fake, "box");
}

/* ---- here ------------------------------------------------------------- */

static MfMsgId
find_uid (MfRig *rig, guint32 uid)
{
  g_auto (MfMessage) row = { 0 };

  return mf_messages_get_uid (rig->db, mf_rig_find (rig, "box"), uid, &row, NULL) ? row.id : 0;
}

/* As a download stores it. */
static void
put_body (MfRig *rig, guint32 uid)
{
  g_autoptr (MfBodyWriter) writer = mf_bodywriter_new (rig->bodies);
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;
  MfBodyPlace place = { 0 };

  g_assert_true (mf_fake_message (rig->fake, "box", uid, NULL, NULL, &body));
  mf_bodywriter_begin (writer, rig->db);
  mf_bodywriter_write (writer, g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  gboolean ok = mf_bodywriter_finish (writer, &place, &error)
                && mf_bodywriter_flush (writer, &error)
                && mf_bodies_put (rig->bodies, rig->db, find_uid (rig, uid), &place, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

static gboolean
has_body (MfRig *rig, MfMsgId id)
{
  return mf_bodies_has (rig->bodies, rig->db, id);
}

static void
assert_nothing_fetched (MfRig *rig)
{
  g_autofree char *sent = mf_fake_bodies_sent (rig->fake);
  g_assert_cmpstr (sent, ==, "");
}

static char *
name_of (MfRig *rig, MfMsgId id)
{
  g_auto (MfMessage) row = { 0 };
  g_auto (MfFolder) folder = { 0 };
  char name[100];

  g_assert_true (mf_messages_get (rig->db, id, &row, NULL));
  g_assert_true (mf_folders_get (rig->db, row.folder, &folder, NULL));
  if (row.base != NULL)
    return g_strdup (row.base);
  mf_message_generate_base (&row, folder.tag, name, sizeof name);
  return g_strdup (name);
}

/* Five messages, known, of which 2 and 4 have been read. */
static void
start_with_five (MfRig *rig)
{
  put_range (rig, 1, 5);
  pull (rig);
  put_body (rig, 2);
  put_body (rig, 4);
  mf_rig_relink (rig);
  g_free (mf_event_log_take (rig->log));
  mf_fake_reset_counts (rig->fake);
  mf_rig_sql (rig, "UPDATE folder SET cur_changed_ns = 1, new_changed_ns = 1");
}

static void
assert_numbered (MfRig *rig)
{
  g_autofree char *here = mf_rig_messages (rig, "box");
  g_autofree char *there = mf_fake_messages (rig->fake, "box");

  g_assert_cmpstr (here, ==, there);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message WHERE folder = 0"), ==, 0);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM folder WHERE renumbered"), ==, 0);
  g_assert_cmpint (mf_rig_number (rig, "SELECT messages FROM folder WHERE mailbox = 'box'"), ==,
                   mf_rig_number (rig, "SELECT COUNT(*) FROM message"));
}

/* ---- found ------------------------------------------------------------ */

static void
test_all_is_found (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  MfMsgId second = find_uid (rig, 2);
  g_autofree char *name = name_of (rig, second);
  mf_fake_expunge (rig->fake, "box", 1);
  pull (rig);
  mf_rig_relink (rig);
  mf_rig_sql (rig, "UPDATE folder SET cur_changed_ns = 1, new_changed_ns = 1");
  g_free (mf_event_log_take (rig->log));
  mf_fake_renumber (rig->fake, "box");
  pull (rig);
  assert_numbered (rig);
  mf_event_log_assert (rig->log, "");
  assert_nothing_fetched (rig);
  g_assert_cmpint (find_uid (rig, 1), ==, second);
  g_assert_true (has_body (rig, second));
  g_autofree char *after = name_of (rig, second);
  g_assert_cmpstr (after, ==, name);
  g_assert_cmpint (mf_rig_number (rig, "SELECT MAX(id) FROM message"), ==, find_uid (rig, 4));
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM folder WHERE cur_changed_ns != 1"
                                       " AND mailbox = 'box'"),
                   ==, 0);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM folder WHERE new_changed_ns != 1"
                                       " AND mailbox = 'box'"),
                   ==, 0);
}

static void
test_another_order (MfRig *rig, gconstpointer data)
{
  MfMsgId before[6];

  start_with_five (rig);
  for (guint n = 1; n <= 5; n++)
    before[n] = find_uid (rig, n);
  make_anew (rig);
  put (rig, 9);
  for (guint n = 5; n >= 1; n--)
    put (rig, n);
  pull (rig);
  assert_numbered (rig);
  for (guint n = 1; n <= 5; n++)
    g_assert_cmpint (find_uid (rig, 7 - n), ==, before[n]);
  mf_event_log_assert (rig->log, "added 1");
  assert_nothing_fetched (rig);
}

static void
test_flags_of_the_new_mailbox_count (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_set_flags (rig->fake, "box", 3, MF_FLAG_SEEN, "work");
  mf_fake_renumber (rig->fake, "box");
  pull (rig);
  assert_numbered (rig);
  mf_event_log_assert (rig->log, "changed 3");
}

static void
test_what_is_gone_goes (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_expunge (rig->fake, "box", 2);
  mf_fake_expunge (rig->fake, "box", 3);
  mf_fake_renumber (rig->fake, "box");
  pull (rig);
  assert_numbered (rig);
  mf_event_log_assert (rig->log, "removed 0, removed 0");
}

/* Copied to another server without INTERNALDATE. */
static void
test_lost_dates (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  MfMsgId second = find_uid (rig, 2), fourth = find_uid (rig, 4);
  make_anew (rig);
  for (guint n = 1; n <= 5; n++)
    {
      g_autofree char *text = make_text (n);
      put_text (rig, text, DATE (1000));
    }
  pull (rig);
  assert_numbered (rig);
  assert_nothing_fetched (rig);
  g_assert_cmpint (find_uid (rig, 2), ==, second);
  g_assert_cmpint (find_uid (rig, 4), ==, fourth);
  g_assert_cmpint (mf_rig_number (rig, "SELECT MIN(internaldate) FROM message"), ==, DATE (1000));
}

static void
test_emailid (MfRig *rig, gconstpointer data)
{
  mf_fake_set_caps (rig->fake, (MfCaps)GPOINTER_TO_UINT (data) | MF_CAP_OBJECTID);
  mf_rig_relink (rig);
  start_with_five (rig);
  MfMsgId third = find_uid (rig, 3);
  mf_fake_set_date (rig->fake, "box", 3, DATE (77));
  mf_fake_renumber (rig->fake, "box");
  pull (rig);
  g_assert_cmpint (find_uid (rig, 3), ==, third);
}

static void
test_long_message_ids (MfRig *rig, gconstpointer data)
{
  g_autofree char *word = g_strnfill (50000, 'x');
  g_autofree char *text = g_strdup_printf ("Message-ID: <%s>\r\n\r\nText\r\n", word);
  g_auto (MfMessage) row = { 0 };

  put_text (rig, text, DATE (1));
  pull (rig);
  put_body (rig, 1);
  MfMsgId id = find_uid (rig, 1);
  g_assert_true (mf_messages_get (rig->db, id, &row, NULL));
  g_autofree char *message_id = mf_content_message_id (&rig->settle, &row);
  g_assert_cmpuint (strlen (message_id), ==, MF_MESSAGE_ID_BYTES);
  mf_fake_reset_counts (rig->fake);
  make_anew (rig);
  put_text (rig, text, DATE (2));
  pull (rig);
  g_assert_cmpint (find_uid (rig, 1), ==, id);
  assert_nothing_fetched (rig);
}

/* The same text twice, at the same time: which is which makes no difference. */
static void
test_twins (MfRig *rig, gconstpointer data)
{
  put (rig, 1);
  put (rig, 1);
  put (rig, 2);
  pull (rig);
  put_body (rig, 1);
  put_body (rig, 2);
  mf_fake_reset_counts (rig->fake);
  g_free (mf_event_log_take (rig->log));
  mf_fake_renumber (rig->fake, "box");
  mf_rig_relink (rig);
  pull (rig);
  assert_numbered (rig);
  mf_event_log_assert (rig->log, "");
  assert_nothing_fetched (rig);
}

/* Of the first nothing is seen here, where nothing could expunge it; the server has all in
 * another order. */
static void
test_twins_with_other_flags (MfRig *rig, gconstpointer data)
{
  MfMsgId ids[3];

  for (guint uid = 1; uid <= 3; uid++)
    put (rig, 1);
  mf_fake_set_flags (rig->fake, "box", 1, MF_FLAG_DELETED, NULL);
  mf_fake_set_flags (rig->fake, "box", 2, MF_FLAG_SEEN, "work");
  pull (rig);
  for (guint uid = 1; uid <= 3; uid++)
    {
      put_body (rig, uid);
      ids[uid - 1] = find_uid (rig, uid);
    }
  mf_rig_sql (rig, "UPDATE message SET place = 3, flags = 0 WHERE uid = 1");
  mf_fake_renumber (rig->fake, "box");
  mf_fake_set_flags (rig->fake, "box", 1, 0, NULL);
  mf_fake_set_flags (rig->fake, "box", 3, MF_FLAG_DELETED, NULL);
  mf_rig_relink (rig);
  pull (rig);
  g_assert_cmpint (find_uid (rig, 1), ==, ids[2]);
  g_assert_cmpint (find_uid (rig, 2), ==, ids[1]);
  g_assert_cmpint (find_uid (rig, 3), ==, ids[0]);
  assert_nothing_fetched (rig);
}

/* ---- not the same ----------------------------------------------------- */

static void
start_anew_with_others (MfRig *rig, const char *text)
{
  make_anew (rig);
  for (guint n = 1; n <= 5; n++)
    {
      g_autofree char *body = text != NULL ? g_strdup (text) : make_text (n + 100);
      put_text (rig, body, DATE (n));
    }
  pull (rig);
  assert_numbered (rig);
}

static void
test_others_under_the_same_uids (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  MfMsgId second = find_uid (rig, 2), fourth = find_uid (rig, 4);
  start_anew_with_others (rig, NULL);
  assert_nothing_fetched (rig);
  g_assert_cmpint (find_uid (rig, 2), !=, second);
  g_assert_false (has_body (rig, find_uid (rig, 2)));
  g_assert_false (mf_messages_get (rig->db, second, &(MfMessage){ 0 }, NULL));
  g_assert_false (mf_messages_get (rig->db, fourth, &(MfMessage){ 0 }, NULL));
}

/* Their content alone tells them apart. */
static void
test_others_without_message_id (MfRig *rig, gconstpointer data)
{
  put_text (rig, "Subject: x\r\n\r\none\r\n", DATE (1));
  put_text (rig, "Subject: x\r\n\r\ntwo\r\n", DATE (2));
  pull (rig);
  put_body (rig, 1);
  put_body (rig, 2);
  MfMsgId one = find_uid (rig, 1), two = find_uid (rig, 2);
  make_anew (rig);
  put_text (rig, "Subject: x\r\n\r\nsix\r\n", DATE (1));
  put_text (rig, "Subject: x\r\n\r\ntwo\r\n", DATE (2));
  mf_rig_relink (rig);
  pull (rig);
  assert_numbered (rig);
  g_assert_cmpint (find_uid (rig, 1), !=, one);
  g_assert_false (has_body (rig, find_uid (rig, 1)));
  g_assert_cmpint (find_uid (rig, 2), ==, two);
  g_assert_true (has_body (rig, two));
}

/* Drafts: a client that stores each version under one Message-ID. */
static void
test_texts_with_one_message_id (MfRig *rig, gconstpointer data)
{
  static const char *const texts[]
      = { "Message-ID: <d@x>\r\n\r\none\r\n", "Message-ID: <d@x>\r\n\r\ntwo\r\n" };

  put_text (rig, texts[0], DATE (1));
  put_text (rig, texts[1], DATE (1));
  pull (rig);
  put_body (rig, 1);
  put_body (rig, 2);
  MfMsgId one = find_uid (rig, 1), two = find_uid (rig, 2);
  make_anew (rig);
  put_text (rig, texts[1], DATE (1));
  put_text (rig, texts[0], DATE (1));
  mf_rig_relink (rig);
  pull (rig);
  assert_numbered (rig);
  g_assert_cmpint (find_uid (rig, 1), ==, two);
  g_assert_cmpint (find_uid (rig, 2), ==, one);
}

/* Nobody has read them: which of the two is left cannot be told. */
static void
test_one_of_two_that_look_alike (MfRig *rig, gconstpointer data)
{
  put (rig, 1);
  put (rig, 1);
  pull (rig);
  gint64 last = mf_rig_number (rig, "SELECT MAX(id) FROM message");
  mf_fake_expunge (rig->fake, "box", 1);
  mf_fake_renumber (rig->fake, "box");
  mf_rig_relink (rig);
  pull (rig);
  assert_numbered (rig);
  g_assert_cmpint (find_uid (rig, 1), >, last);
}

/* ---- interrupted ------------------------------------------------------ */

static void
assert_five_are_seen (MfRig *rig)
{
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message WHERE folder != 0"), ==, 5);
  g_assert_cmpint (
      mf_rig_number (rig, "SELECT COUNT(DISTINCT base) FROM message WHERE folder != 0"), ==, 5);
  g_assert_cmpint (mf_rig_number (rig, "SELECT known FROM folder WHERE mailbox = 'box'"), ==, 1);
}

/* At each step: listing breaks off after @rows lines, Message-IDs after some more. */
static void
test_interrupted (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  gint64 sum = mf_rig_number (rig, "SELECT SUM(id * internaldate) FROM message");
  for (guint rows = 0; rows < 8; rows++)
    {
      mf_fake_renumber (rig->fake, "box");
      mf_rig_relink (rig);
      mf_fake_die_after_rows (rig->fake, rows);
      g_assert_false (try_pull (rig));
      mf_fake_die_after_rows (rig->fake, (guint)-1);
      assert_five_are_seen (rig);
      mf_rig_reopen (rig);
      mf_rig_relink (rig);
      pull (rig);
      assert_numbered (rig);
      g_assert_cmpint (mf_rig_number (rig, "SELECT SUM(id * internaldate) FROM message"), ==, sum);
    }
  assert_nothing_fetched (rig);
  mf_event_log_assert (rig->log, "");
}

static void
test_made_anew_twice (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  gint64 sum = mf_rig_number (rig, "SELECT SUM(id * internaldate) FROM message");
  mf_fake_renumber (rig->fake, "box");
  mf_fake_fail (rig->fake, MF_FAKE_FETCH, MF_REMOTE_ERROR_OFFLINE, 1);
  g_assert_false (try_pull (rig));
  mf_fake_renumber (rig->fake, "box");
  mf_fake_die_after_rows (rig->fake, 5); /* listed, not matched */
  g_assert_false (try_pull (rig));
  mf_fake_die_after_rows (rig->fake, (guint)-1);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message WHERE folder = 0"), >, 0);
  mf_fake_renumber (rig->fake, "box");
  pull (rig);
  assert_numbered (rig);
  g_assert_cmpint (mf_rig_number (rig, "SELECT SUM(id * internaldate) FROM message"), ==, sum);
}

/* A removal that was told of a message that stands aside removes nothing that is seen. */
static void
test_changes_meanwhile (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_renumber (rig->fake, "box");
  mf_fake_die_after_rows (rig->fake, 5);
  g_assert_false (try_pull (rig));
  mf_fake_die_after_rows (rig->fake, (guint)-1);
  mf_fake_expunge (rig->fake, "box", 5);
  mf_fake_set_flags (rig->fake, "box", 1, MF_FLAG_SEEN, NULL);
  mf_fake_fill (rig->fake, "box", 1);
  pull (rig);
  assert_numbered (rig);
  mf_event_log_assert (rig->log, "changed 1, removed 0, added 6");
}

static void
test_many (MfRig *rig, gconstpointer data)
{
  put_range (rig, 1, 2500);
  pull (rig);
  for (guint32 uid = 3; uid < 2500; uid += 500)
    put_body (rig, uid);
  mf_fake_reset_counts (rig->fake);
  g_free (mf_event_log_take (rig->log));
  mf_fake_renumber (rig->fake, "box");
  mf_rig_relink (rig);
  pull (rig);
  assert_numbered (rig);
  mf_event_log_assert (rig->log, "");
  assert_nothing_fetched (rig);
  g_assert_cmpint (mf_rig_number (rig, "SELECT MAX(id) FROM message"), ==, 2500);
}

/* ---- all together ----------------------------------------------------- */

static void
add (const char *path, void (*func) (MfRig *, gconstpointer))
{
  static const struct
  {
    const char *name;
    MfCaps caps;
  } steps[] = { { "plain", 0 }, { "QRESYNC", QRESYNC } };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *full = g_strdup_printf ("/rematch/%s, %s", path, steps[i].name);
      g_test_add (full, MfRig, GUINT_TO_POINTER (steps[i].caps), set_up, func, mf_rig_tear_down);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("what is numbered anew keeps id, name and body", test_all_is_found);
  add ("what comes in another order is found", test_another_order);
  add ("flags of the new mailbox count", test_flags_of_the_new_mailbox_count);
  add ("what is gone goes", test_what_is_gone_goes);
  add ("what has lost its date is found by its Message-ID", test_lost_dates);
  add ("a Message-ID without end is cut, and tells all the same", test_long_message_ids);
  add ("an EMAILID tells without date", test_emailid);
  add ("twins are found without a look at them", test_twins);
  add ("twins are told apart by their flags", test_twins_with_other_flags);
  add ("others under the same UIDs, dates and sizes are others", test_others_under_the_same_uids);
  add ("others without a Message-ID are others", test_others_without_message_id);
  add ("texts with one Message-ID are told apart", test_texts_with_one_message_id);
  add ("one of two that look alike is taken for neither", test_one_of_two_that_look_alike);
  add ("what breaks off goes on, and readers see all", test_interrupted);
  add ("a mailbox made anew twice is matched", test_made_anew_twice);
  add ("changes meanwhile are followed", test_changes_meanwhile);
  add ("many are found", test_many);
  return g_test_run ();
}
