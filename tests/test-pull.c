/* Each claim is tested at each step of what servers can do: QRESYNC, CONDSTORE
 * alone, and neither. */
#include "cache/pull.h"

#include "cache/folders.h"
#include "cache/messages.h"
#include "tests/rig.h"

#define CONDSTORE MF_CAP_CONDSTORE
#define QRESYNC (MF_CAP_CONDSTORE | MF_CAP_QRESYNC)
#define BATCH 1000 /* rows that are stored together */

static void
set_up (MfRig *rig, gconstpointer data)
{
  mf_rig_set_up (rig, data);
  mf_rig_put_folder (rig, "INBOX");
  mf_rig_put_folder (rig, "other");
  mf_rig_sql (rig, "UPDATE folder SET uidvalidity = 0, tag = NULL");
  mf_fake_create (rig->fake, "other");
}

static gboolean
try_pull (MfRig *rig, GError **error)
{
  return mf_rig_try_pull_folder (rig, mf_rig_find (rig, "INBOX"), error);
}

static void
pull (MfRig *rig)
{
  mf_rig_pull_folder (rig, "INBOX");
}

static void
assert_same (MfRig *rig)
{
  g_autofree char *here = mf_rig_messages (rig, "INBOX");
  g_autofree char *there = mf_fake_messages (rig->fake, "INBOX");
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (here, ==, there);
  mf_folders_get_mailbox (rig->db, "INBOX", &folder, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (folder.messages, ==,
                    mf_rig_number (rig, "SELECT COUNT(*) FROM message"));
  g_assert_cmpuint (folder.unseen, ==,
                    mf_rig_number (rig, "SELECT COUNT(*) FROM message WHERE NOT flags & 16"));
}

static void
assert_events (MfRig *rig, const char *expected)
{
  g_autofree char *words = mf_event_log_take (rig->log);
  g_assert_cmpstr (words, ==, expected);
}

static void
assert_times_changed (MfRig *rig, gboolean cur, gboolean new)
{
  g_auto (MfFolder) folder = { 0 };

  g_assert_true (mf_folders_get_mailbox (rig->db, "INBOX", &folder, NULL));
  g_assert_cmpint (folder.changed_ns[MF_PLACE_CUR] != 1, ==, cur);
  g_assert_cmpint (folder.changed_ns[MF_PLACE_NEW] != 1, ==, new);
}

static void
forget_times (MfRig *rig)
{
  mf_rig_sql (rig, "UPDATE folder SET cur_changed_ns = 1, new_changed_ns = 1");
}

/* Five messages, known, the link's session closed. */
static void
start_with_five (MfRig *rig)
{
  mf_fake_fill (rig->fake, "INBOX", 5);
  mf_fake_set_flags (rig->fake, "INBOX", 2, MF_FLAG_SEEN, "$Junk work");
  pull (rig);
  mf_rig_relink (rig);
  g_free (mf_event_log_take (rig->log));
  mf_fake_reset_counts (rig->fake);
  forget_times (rig);
}

/* ---- the first listing ------------------------------------------------ */

static void
test_first_listing (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 };
  g_autofree char *events = NULL, *fresh = NULL;

  mf_fake_fill (rig->fake, "INBOX", 5);
  mf_fake_set_flags (rig->fake, "INBOX", 2, MF_FLAG_SEEN | MF_FLAG_FLAGGED, "$Junk work");
  pull (rig);
  assert_same (rig);
  fresh = mf_rig_uids (rig, "INBOX", MF_PLACE_NEW);
  g_assert_cmpstr (fresh, ==, "1,3:5");
  g_assert_true (mf_folders_get_mailbox (rig->db, "INBOX", &folder, NULL));
  g_assert_true (folder.known);
  g_assert_cmpuint (folder.uidnext, ==, 6);
  g_assert_cmpuint (folder.uidvalidity, ==, mf_fake_uidvalidity (rig->fake, "INBOX"));
  g_assert_nonnull (folder.tag);
  events = g_strdup_printf ("listed %" G_GINT64_FORMAT, folder.id);
  assert_events (rig, events);
}

static void
test_empty_folder_becomes_known (MfRig *rig, gconstpointer data)
{
  pull (rig);
  g_assert_cmpint (mf_rig_number (rig, "SELECT known FROM folder WHERE mailbox = 'INBOX'"), ==, 1);
  g_assert_cmpuint (mf_fake_count (rig->fake, MF_FAKE_FETCH), ==, 0);
}

/* Its UID came with the answer to an upload, before any pull had met it. */
static void
test_own_message_that_is_expunged_goes (MfRig *rig, gconstpointer data)
{
  pull (rig);
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_rig_put_message (rig, mf_rig_find (rig, "INBOX"), 1, 10);
  mf_fake_expunge (rig->fake, "INBOX", 1);
  pull (rig);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, 0);
}

static void
test_interrupted_listing_goes_on (MfRig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_fake_fill (rig->fake, "INBOX", 2 * BATCH + 500);
  mf_fake_die_after_rows (rig->fake, BATCH + 700);
  g_assert_false (try_pull (rig, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, BATCH);
  g_assert_cmpint (mf_rig_number (rig, "SELECT known FROM folder WHERE mailbox = 'INBOX'"), ==, 0);

  mf_fake_reset_counts (rig->fake);
  mf_fake_set_flags (rig->fake, "INBOX", 7, MF_FLAG_SEEN, NULL);
  mf_fake_expunge (rig->fake, "INBOX", 5);
  mf_fake_expunge (rig->fake, "INBOX", BATCH + 5);
  mf_fake_fill (rig->fake, "INBOX", 1);
  pull (rig);
  assert_same (rig);
  guint again = GPOINTER_TO_UINT (data) == 0 ? BATCH - 1 : 2; /* for their flags */
  g_assert_cmpuint (mf_fake_n_rows (rig->fake), <=, BATCH + 500 + again);
}

/* ---- after it --------------------------------------------------------- */

static void
test_nothing_changed_costs_nothing (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  pull (rig);
  assert_same (rig);
  assert_events (rig, "");
  assert_times_changed (rig, FALSE, FALSE);
  g_assert_cmpuint (mf_fake_n_rows (rig->fake), ==, GPOINTER_TO_UINT (data) == 0 ? 5 : 0);
  if (GPOINTER_TO_UINT (data) == QRESYNC)
    g_assert_cmpuint (mf_fake_count (rig->fake, MF_FAKE_UIDS), ==, 0);
}

static void
test_last_one_expunged_costs_nothing_later (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_expunge (rig->fake, "INBOX", 5);
  pull (rig);
  mf_rig_relink (rig);
  mf_fake_reset_counts (rig->fake);
  pull (rig);
  assert_same (rig);
  g_assert_cmpuint (mf_fake_count (rig->fake, MF_FAKE_FETCH), ==,
                    GPOINTER_TO_UINT (data) == 0 ? 1 : 0);
}

static void
test_flags_follow (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_set_flags (rig->fake, "INBOX", 2, MF_FLAG_SEEN | MF_FLAG_ANSWERED, "$Junk");
  pull (rig);
  assert_same (rig);
  assert_events (rig, "changed 2");
  assert_times_changed (rig, TRUE, FALSE);
}

static void
test_a_flag_moves_to_cur (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_set_flags (rig->fake, "INBOX", 3, MF_FLAG_SEEN, NULL);
  pull (rig);
  assert_same (rig);
  assert_events (rig, "changed 3");
  assert_times_changed (rig, TRUE, TRUE);
}

static void
test_expunged_go (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_expunge (rig->fake, "INBOX", 3);
  mf_fake_expunge (rig->fake, "INBOX", 5);
  pull (rig);
  assert_same (rig);
  assert_events (rig, "removed 3, removed 5");
  assert_times_changed (rig, FALSE, TRUE);
}

static void
test_appended_come (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", 2);
  mf_fake_set_flags (rig->fake, "INBOX", 7, MF_FLAG_SEEN, NULL);
  pull (rig);
  assert_same (rig);
  assert_events (rig, "added 6, added 7");
  assert_times_changed (rig, TRUE, TRUE);
  if (GPOINTER_TO_UINT (data) != 0)
    g_assert_cmpuint (mf_fake_n_rows (rig->fake), <=, 2 * 2);
}

static void
test_all_go (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  for (guint32 uid = 1; uid <= 5; uid++)
    mf_fake_expunge (rig->fake, "INBOX", uid);
  pull (rig);
  assert_same (rig);
  assert_events (rig, "removed 1, removed 2, removed 3, removed 4, removed 5");
}

static void
test_ids_stay (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  gint64 before = mf_rig_number (rig, "SELECT SUM(id * uid) FROM message");
  mf_fake_set_flags (rig->fake, "INBOX", 2, MF_FLAG_DRAFT, NULL);
  mf_fake_set_flags (rig->fake, "INBOX", 4, MF_FLAG_DRAFT, NULL);
  pull (rig);
  g_assert_cmpint (mf_rig_number (rig, "SELECT SUM(id * uid) FROM message"), ==, before);
}

static void
test_open_mailbox_is_followed (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  pull (rig);
  mf_fake_reset_counts (rig->fake);
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_fake_set_flags (rig->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  mf_fake_expunge (rig->fake, "INBOX", 4);
  rig->link->is_current = TRUE;
  pull (rig);
  assert_same (rig);
  if (GPOINTER_TO_UINT (data) == QRESYNC)
    {
      g_assert_cmpuint (mf_fake_count (rig->fake, MF_FAKE_SELECT), ==, 0);
      g_assert_cmpuint (mf_fake_n_rows (rig->fake), ==, 2);
    }
}

static void
test_more_news_than_single_ones (MfRig *rig, gconstpointer data)
{
  g_autofree char *expected = NULL;

  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", MF_NEWS_MOST + 1);
  pull (rig);
  assert_same (rig);
  expected = g_strdup_printf ("folder %" G_GINT64_FORMAT, mf_rig_find (rig, "INBOX"));
  assert_events (rig, expected);
}

/* The server has news of flags in passing, and does not tell of the new message yet. */
static gboolean
fetch_in_passing (MfRemote *remote, guint32 first, guint32 last, MfFetch items, guint64 since,
                  const MfChangeSink *sink, gpointer user_data, GCancellable *cancellable,
                  GError **error)
{
  MfRemoteMessage told = { .uid = 3, .has_flags = TRUE, .flags = MF_FLAG_SEEN, .keywords = "" };
  MfMailboxStatus status = { 0 };

  g_assert_true (mf_fake_ops.status (remote, "INBOX", &status, cancellable, NULL));
  told.modseq = status.highestmodseq;
  sink->message (&told, user_data);
  return TRUE;
}

static void
test_news_in_passing_hide_nothing (MfRig *rig, gconstpointer data)
{
  MfRemoteOps in_passing = mf_fake_ops;

  start_with_five (rig);
  pull (rig);
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_fake_set_flags (rig->fake, "INBOX", 3, MF_FLAG_SEEN, NULL);
  in_passing.fetch = fetch_in_passing;
  rig->link->ops = &in_passing;
  rig->link->is_current = TRUE;
  pull (rig);
  rig->link->ops = &mf_fake_ops;
  rig->link->is_current = TRUE;
  pull (rig);
  assert_same (rig);
}

/* Flags are the newest, but what came and what went is not told of yet. */
static gboolean
fetch_ahead (MfRemote *remote, guint32 first, guint32 last, MfFetch items, guint64 since,
             const MfChangeSink *sink, gpointer user_data, GCancellable *cancellable,
             GError **error)
{
  MfChangeSink messages = { sink->message, NULL };

  return mf_fake_ops.fetch (remote, 3, 3, items, since, &messages, user_data, cancellable, error);
}

static void
test_news_that_are_ahead_hide_nothing (MfRig *rig, gconstpointer data)
{
  MfRemoteOps ahead = mf_fake_ops;

  start_with_five (rig);
  pull (rig);
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_fake_expunge (rig->fake, "INBOX", 2);
  mf_fake_set_flags (rig->fake, "INBOX", 3, MF_FLAG_SEEN, NULL);
  ahead.fetch = fetch_ahead;
  rig->link->ops = &ahead;
  rig->link->is_current = TRUE;
  pull (rig);
  rig->link->ops = &mf_fake_ops;
  rig->link->is_current = TRUE;
  pull (rig);
  assert_same (rig);
}

/* ---- trouble ---------------------------------------------------------- */

/* rematch.h tells how; here are the steps of what servers can do. */
static void
test_another_uidvalidity_is_followed (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) before = { 0 }, after = { 0 };

  start_with_five (rig);
  gint64 last = mf_rig_number (rig, "SELECT MAX(id) FROM message");
  g_assert_true (mf_folders_get_mailbox (rig->db, "INBOX", &before, NULL));
  mf_fake_expunge (rig->fake, "INBOX", 2);
  mf_fake_renumber (rig->fake, "INBOX");
  pull (rig);
  assert_same (rig);
  g_assert_true (mf_folders_get_mailbox (rig->db, "INBOX", &after, NULL));
  g_assert_cmpint (after.id, ==, before.id);
  g_assert_cmpstr (after.tag, !=, before.tag);
  g_assert_true (after.known);
  g_assert_cmpint (mf_rig_number (rig, "SELECT MAX(id) FROM message"), ==, last);
  assert_events (rig, "removed 0");
  assert_times_changed (rig, TRUE, FALSE);
}

static void
test_refusal_removes_nothing (MfRig *rig, gconstpointer data)
{
  static const MfFakeOp ops[] = { MF_FAKE_SELECT, MF_FAKE_FETCH, MF_FAKE_UIDS };
  static const MfRemoteError codes[] = { MF_REMOTE_ERROR_REFUSED, MF_REMOTE_ERROR_OFFLINE,
                                         MF_REMOTE_ERROR_PROTOCOL };
  g_autofree char *before = NULL;

  start_with_five (rig);
  before = mf_rig_messages (rig, "INBOX");
  mf_fake_expunge (rig->fake, "INBOX", 1);
  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    for (guint j = 0; j < G_N_ELEMENTS (codes); j++)
      {
        g_autofree char *after = NULL;
        g_autoptr (GError) error = NULL;
        mf_rig_relink (rig);
        mf_fake_fail (rig->fake, ops[i], codes[j], 1);
        if (ops[i] == MF_FAKE_UIDS && GPOINTER_TO_UINT (data) == QRESYNC)
          continue; /* it is not asked */
        if (ops[i] == MF_FAKE_FETCH && GPOINTER_TO_UINT (data) != 0)
          continue;
        g_assert_false (try_pull (rig, &error));
        g_assert_error (error, MF_REMOTE_ERROR, (int) codes[j]);
        after = mf_rig_messages (rig, "INBOX");
        g_assert_cmpstr (after, ==, before);
      }
}

/* Rows of before the loss are kept, and so is what is told of them. */
static void
test_interrupted_catching_up_is_true (MfRig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint before = GPOINTER_TO_UINT (data) == 0 ? 5 : 0; /* lines about flags */

  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", BATCH + 10);
  if (GPOINTER_TO_UINT (data) == QRESYNC)
    before = BATCH + 10;
  mf_fake_die_after_rows (rig->fake, before + BATCH + 5);
  g_assert_false (try_pull (rig, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, BATCH + 5);
  g_assert_cmpint (mf_rig_number (rig, "SELECT messages FROM folder WHERE mailbox = 'INBOX'"), ==,
                   BATCH + 5);
  assert_times_changed (rig, FALSE, TRUE);
  pull (rig);
  assert_same (rig);
}

static void
test_empty_folder_stays_known (MfRig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  pull (rig);
  mf_rig_relink (rig);
  mf_fake_fill (rig->fake, "INBOX", 5);
  mf_fake_die_after_rows (rig->fake, 0);
  g_assert_false (try_pull (rig, &error));
  g_assert_cmpint (mf_rig_number (rig, "SELECT known FROM folder WHERE mailbox = 'INBOX'"), ==, 1);
  pull (rig);
  assert_same (rig);
}

/* The flag is numbered before the new mail that the FETCH still sees. */
static gpointer
pull_thread (gpointer data)
{
  pull (data);
  return NULL;
}

static void
test_change_after_select_is_not_lost (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_fake_hold (rig->fake, MF_FAKE_FETCH);
  GThread *thread = g_thread_new ("pull", pull_thread, rig);
  g_assert_true (mf_fake_wait_held (rig->fake, MF_FAKE_FETCH, 1));
  mf_fake_set_flags (rig->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_fake_release (rig->fake, MF_FAKE_FETCH);
  g_thread_join (thread);
  mf_rig_relink (rig);
  pull (rig);
  assert_same (rig);
}

static void
test_own_uid_ahead_hides_nothing (MfRig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", BATCH + 20);
  mf_rig_put_message (rig, mf_rig_find (rig, "INBOX"), BATCH + 25, 10);
  mf_fake_die_after_rows (rig->fake, BATCH + 10);
  g_assert_false (try_pull (rig, &error));
  pull (rig);
  assert_same (rig);
}

static gpointer
pull_in_vain (gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (try_pull (data, &error));
  return NULL;
}

static void
test_folder_that_goes_meanwhile_leaves_no_rows (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", 5);
  mf_fake_hold (rig->fake, MF_FAKE_FETCH);
  GThread *thread = g_thread_new ("pull", pull_in_vain, rig);
  g_assert_true (mf_fake_wait_held (rig->fake, MF_FAKE_FETCH, 1));
  g_assert_true (mf_folders_remove (rig->db, mf_rig_find (rig, "INBOX"), NULL));
  mf_fake_release (rig->fake, MF_FAKE_FETCH);
  g_thread_join (thread);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, 0);
}

/* By a listing that finds it under another name. */
static void
test_folder_renumbered_meanwhile_stays_so (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  pull (rig);
  mf_fake_fill (rig->fake, "INBOX", 5);
  mf_fake_hold (rig->fake, MF_FAKE_FETCH);
  GThread *thread = g_thread_new ("pull", pull_in_vain, rig);
  g_assert_true (mf_fake_wait_held (rig->fake, MF_FAKE_FETCH, 1));
  mf_rig_sql (rig, "UPDATE message SET uid = NULL");
  mf_rig_sql (rig, "UPDATE folder SET tag = 'new', renumbered = 1, uidnext = 0 WHERE mailbox = 'INBOX'");
  mf_fake_release (rig->fake, MF_FAKE_FETCH);
  g_thread_join (thread);
  g_assert_cmpint (mf_rig_number (rig, "SELECT renumbered FROM folder WHERE mailbox = 'INBOX'"),
                   ==, 1);
  pull (rig);
  assert_same (rig);
}

static void
test_labels_follow (MfRig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_auto (MfMessage) with = { 0 }, without = { 0 };
  MfFolderId inbox = mf_rig_find (rig, "INBOX");

  mf_fake_set_caps (rig->fake, QRESYNC | MF_CAP_GMAIL | MF_CAP_OBJECTID);
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_fake_set_labels (rig->fake, "INBOX", 1, "red green");
  pull (rig);
  g_assert_true (mf_messages_get_uid (rig->db, inbox, 1, &with, NULL));
  g_assert_cmpstr (with.labels, ==, "red green");
  g_assert_cmpstr (with.emailid, ==, "E1");
  mf_fake_set_labels (rig->fake, "INBOX", 1, "");
  rig->link->is_current = TRUE;
  pull (rig);
  g_assert_true (mf_messages_get_uid (rig->db, inbox, 1, &without, NULL));
  g_assert_cmpstr (without.labels, ==, "");
}

/* A server that is set back, or no longer numbers changes. */
static void
test_condstore_that_goes_away (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_set_caps (rig->fake, 0);
  mf_rig_relink (rig);
  mf_fake_set_flags (rig->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  pull (rig);
  assert_same (rig);
  mf_fake_set_flags (rig->fake, "INBOX", 3, MF_FLAG_SEEN, NULL);
  mf_fake_set_caps (rig->fake, CONDSTORE);
  mf_rig_relink (rig);
  pull (rig);
  assert_same (rig);
}

static void
test_modseq_that_went_back (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_rig_sql (rig, "UPDATE folder SET highestmodseq = 1000000");
  mf_rig_sql (rig, "UPDATE message SET modseq = 1000000");
  mf_fake_set_flags (rig->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  pull (rig);
  mf_rig_relink (rig);
  mf_fake_set_flags (rig->fake, "INBOX", 3, MF_FLAG_SEEN, NULL);
  pull (rig);
  assert_same (rig);
}

/* ---- at random -------------------------------------------------------- */

static void
change_something (MfRig *rig, guint *n)
{
  guint32 uid = (guint32) g_test_rand_int_range (1, (gint32) *n + 2);

  if (g_test_rand_int_range (0, 4) == 0)
    {
      mf_fake_append (rig->fake, "INBOX", "Subject: x\r\n\r\n",
                      (MfFlags) g_test_rand_int_range (0, 4), NULL);
      ++*n;
    }
  else if (g_test_rand_int_range (0, 40) == 0)
    {
      g_autofree char *uids = mf_fake_uids (rig->fake, "INBOX");
      g_autoptr (MfUidSet) set = mf_uidset_parse (uids);
      mf_fake_renumber (rig->fake, "INBOX");
      *n = set != NULL ? (guint) mf_uidset_count (set) : 0;
    }
  else if (!mf_fake_message (rig->fake, "INBOX", uid, NULL, NULL, NULL))
    return;
  else if (g_test_rand_bit ())
    mf_fake_expunge (rig->fake, "INBOX", uid);
  else
    mf_fake_set_flags (rig->fake, "INBOX", uid, (MfFlags) g_test_rand_int_range (0, 64),
                       g_test_rand_bit () ? "a b" : NULL);
}

static void
pull_somehow (MfRig *rig)
{
  static const MfChangeSink nothing = { NULL, NULL };
  g_autoptr (GError) error = NULL;

  switch (g_test_rand_int_range (0, 6))
    {
    case 0:
      mf_rig_relink (rig);
      break;
    case 1:
      g_assert_true (mf_link_open (rig->link, NULL));
      mf_link_resync (rig->link, "other", NULL, &nothing, NULL, NULL, &error);
      g_assert_no_error (error);
      break;
    case 2:
      mf_fake_die_after_rows (rig->fake, (guint) g_test_rand_int_range (0, 10));
      try_pull (rig, NULL);
      mf_fake_die_after_rows (rig->fake, (guint) -1);
      break;
    case 3:
      mf_fake_fail (rig->fake, MF_FAKE_FETCH, MF_REMOTE_ERROR_REFUSED, 1);
      try_pull (rig, NULL);
      mf_fake_forget_failures (rig->fake);
      break;
    default:
      break;
    }
  /* A mailbox that was made anew under a session ends it. */
  if (!try_pull (rig, NULL))
    pull (rig);
}

static void
test_random_changes_are_followed (MfRig *rig, gconstpointer data)
{
  guint n = 0;

  for (int round = 0; round < 400; round++)
    {
      for (gint32 i = g_test_rand_int_range (0, 6); i > 0; i--)
        change_something (rig, &n);
      pull_somehow (rig);
      assert_same (rig);
    }
}

/* ---- all together ----------------------------------------------------- */

static void
add (const char *path, void (*func) (MfRig *, gconstpointer))
{
  static const struct
  {
    const char *name;
    MfCaps caps;
  } steps[] = { { "plain", 0 }, { "CONDSTORE", CONDSTORE }, { "QRESYNC", QRESYNC } };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *full = g_strdup_printf ("/pull/%s, %s", path, steps[i].name);
      g_test_add (full, MfRig, GUINT_TO_POINTER (steps[i].caps), set_up, func, mf_rig_tear_down);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("the first listing tells all", test_first_listing);
  add ("an empty folder becomes known", test_empty_folder_becomes_known);
  add ("an own message that is expunged at once goes", test_own_message_that_is_expunged_goes);
  add ("an interrupted first listing goes on", test_interrupted_listing_goes_on);
  add ("nothing changed costs no listing", test_nothing_changed_costs_nothing);
  add ("the last one expunged costs nothing later", test_last_one_expunged_costs_nothing_later);
  add ("flags follow the server", test_flags_follow);
  add ("a first flag moves the message to cur", test_a_flag_moves_to_cur);
  add ("expunged messages go", test_expunged_go);
  add ("appended messages come", test_appended_come);
  add ("all messages go", test_all_go);
  add ("ids stay when flags change", test_ids_stay);
  add ("a mailbox that is open is followed", test_open_mailbox_is_followed);
  add ("more news than single ones", test_more_news_than_single_ones);
  add ("another UIDVALIDITY is followed", test_another_uidvalidity_is_followed);
  add ("a refusal removes nothing", test_refusal_removes_nothing);
  add ("what was caught up before a loss is true", test_interrupted_catching_up_is_true);
  add ("an empty folder stays known when its listing breaks", test_empty_folder_stays_known);
  add ("a change after SELECT is not lost", test_change_after_select_is_not_lost);
  add ("an own message with a UID ahead hides nothing", test_own_uid_ahead_hides_nothing);
  add ("a folder that goes meanwhile leaves no rows",
       test_folder_that_goes_meanwhile_leaves_no_rows);
  add ("a folder that is renumbered meanwhile stays so",
       test_folder_renumbered_meanwhile_stays_so);
  add ("CONDSTORE may go away and come back", test_condstore_that_goes_away);
  add ("a MODSEQ may go back", test_modseq_that_went_back);
  add ("random changes are followed", test_random_changes_are_followed);
  g_test_add ("/pull/news in passing hide no message", MfRig, GUINT_TO_POINTER (QRESYNC), set_up,
              test_news_in_passing_hide_nothing, mf_rig_tear_down);
  g_test_add ("/pull/news that are ahead hide neither message nor removal", MfRig,
              GUINT_TO_POINTER (QRESYNC), set_up, test_news_that_are_ahead_hide_nothing,
              mf_rig_tear_down);
  g_test_add ("/pull/labels follow the server", MfRig, NULL, set_up, test_labels_follow,
              mf_rig_tear_down);
  return g_test_run ();
}
