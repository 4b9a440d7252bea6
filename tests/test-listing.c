/* The first listing of a mailbox, at each step of what servers can do. */
#include "cache/pull.h"

#include "cache/folders.h"
#include "cache/messages.h"
#include "tests/rig.h"

#define QRESYNC (MF_CAP_CONDSTORE | MF_CAP_QRESYNC)
#define BATCH 1000 /* rows that are stored together */

static void
test_first_listing (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 };
  g_autofree char *events = NULL, *fresh = NULL;

  mf_fake_fill (rig->fake, "INBOX", 5);
  mf_fake_set_flags (rig->fake, "INBOX", 2, MF_FLAG_SEEN | MF_FLAG_FLAGGED, "$Junk work");
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  fresh = mf_rig_uids (rig, "INBOX", MF_PLACE_NEW);
  g_assert_cmpstr (fresh, ==, "1,3:5");
  g_assert_true (mf_folders_get_mailbox (rig->db, "INBOX", &folder, NULL));
  g_assert_true (folder.known);
  g_assert_cmpuint (folder.uidnext, ==, 6);
  g_assert_cmpuint (folder.uidvalidity, ==, mf_fake_uidvalidity (rig->fake, "INBOX"));
  g_assert_nonnull (folder.tag);
  events = g_strdup_printf ("listed %" G_GINT64_FORMAT, folder.id);
  mf_event_log_assert (rig->log, events);
}

static void
test_empty_folder_becomes_known (MfRig *rig, gconstpointer data)
{
  mf_rig_pull_folder (rig, "INBOX");
  g_assert_cmpint (mf_rig_number (rig, "SELECT known FROM folder WHERE mailbox = 'INBOX'"), ==, 1);
  g_assert_cmpuint (mf_fake_count (rig->fake, MF_FAKE_FETCH), ==, 0);
}

/* Its UID came with the answer to an upload, before any pull had met it. */
static void
test_own_message_that_is_expunged_goes (MfRig *rig, gconstpointer data)
{
  mf_rig_pull_folder (rig, "INBOX");
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_rig_put_message (rig, mf_rig_find (rig, "INBOX"), 1, 10);
  mf_fake_expunge (rig->fake, "INBOX", 1);
  mf_rig_pull_folder (rig, "INBOX");
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, 0);
}

static void
test_interrupted_listing_goes_on (MfRig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_fake_fill (rig->fake, "INBOX", 2 * BATCH + 500);
  mf_fake_die_after_rows (rig->fake, BATCH + 700);
  g_assert_false (mf_rig_try_pull_folder (rig, "INBOX", &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, BATCH);
  g_assert_cmpint (mf_rig_number (rig, "SELECT known FROM folder WHERE mailbox = 'INBOX'"), ==, 0);

  mf_fake_reset_counts (rig->fake);
  mf_fake_set_flags (rig->fake, "INBOX", 7, MF_FLAG_SEEN, NULL);
  mf_fake_expunge (rig->fake, "INBOX", 5);
  mf_fake_expunge (rig->fake, "INBOX", BATCH + 5);
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  guint again = rig->caps == 0 ? BATCH - 1 : 2; /* for their flags */
  g_assert_cmpuint (mf_fake_n_rows (rig->fake), <=, BATCH + 500 + again);
}

static void
test_empty_folder_stays_known (MfRig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_relink (rig);
  mf_fake_fill (rig->fake, "INBOX", 5);
  mf_fake_die_after_rows (rig->fake, 0);
  g_assert_false (mf_rig_try_pull_folder (rig, "INBOX", &error));
  g_assert_cmpint (mf_rig_number (rig, "SELECT known FROM folder WHERE mailbox = 'INBOX'"), ==, 1);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
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
  mf_rig_pull_folder (rig, "INBOX");
  g_assert_true (mf_messages_get_uid (rig->db, inbox, 1, &with, NULL));
  g_assert_cmpstr (with.labels, ==, "red green");
  g_assert_cmpstr (with.emailid, ==, "E1");
  mf_fake_set_labels (rig->fake, "INBOX", 1, "");
  rig->link->is_current = TRUE;
  mf_rig_pull_folder (rig, "INBOX");
  g_assert_true (mf_messages_get_uid (rig->db, inbox, 1, &without, NULL));
  g_assert_cmpstr (without.labels, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_rig_add_each ("/listing/the first listing tells all", test_first_listing);
  mf_rig_add_each ("/listing/an empty folder becomes known", test_empty_folder_becomes_known);
  mf_rig_add_each ("/listing/an own message that is expunged at once goes",
                   test_own_message_that_is_expunged_goes);
  mf_rig_add_each ("/listing/an interrupted first listing goes on",
                   test_interrupted_listing_goes_on);
  mf_rig_add_each ("/listing/an empty folder stays known when its listing breaks",
                   test_empty_folder_stays_known);
  g_test_add ("/listing/labels follow the server", MfRig, NULL, mf_rig_set_up_unlisted,
              test_labels_follow, mf_rig_tear_down);
  return g_test_run ();
}
