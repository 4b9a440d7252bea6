#include "cache/journal.h"
#include "cache/pull.h"

#include <string.h>

#include "cache/folders.h"
#include "cache/messages.h"
#include "tests/rig.h"

#define EVERYTHING (&(MfFolderFilter){ 0 })

/* Separated by blanks. */
static char *
mailboxes (MfRig *rig, const GArray *ids)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < ids->len; i++)
    {
      g_auto (MfFolder) folder = { 0 };
      g_assert_true (mf_folders_get (rig->db, g_array_index (ids, MfFolderId, i), &folder, NULL));
      g_ptr_array_add (names, g_strdup (folder.mailbox));
    }
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **) names->pdata);
}

/* Returns the mailboxes that are stale. */
static char *
pull (MfRig *rig, const MfFolderFilter *filter)
{
  g_autoptr (GArray) stale = g_array_new (FALSE, FALSE, sizeof (MfFolderId));
  g_autoptr (GError) error = NULL;

  mf_rig_try_pull_tree (rig, filter, stale, NULL, &error);
  g_assert_no_error (error);
  return mailboxes (rig, stale);
}

/* Mailboxes in the index by id, those that cannot be opened in brackets. */
static char *
tree (MfRig *rig)
{
  g_autoptr (GPtrArray) all = mf_folders_all (rig->db, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < all->len; i++)
    {
      MfFolder *folder = g_ptr_array_index (all, i);
      if (folder->mailbox != NULL)
        g_string_append_printf (text, folder->selectable ? "%s%s" : "%s(%s)",
                                text->len > 0 ? " " : "", folder->mailbox);
    }
  return g_string_free (text, FALSE);
}

static void
assert_pulls (MfRig *rig, const MfFolderFilter *filter, const char *expected)
{
  g_free (pull (rig, filter));
  g_autofree char *got = tree (rig);
  g_assert_cmpstr (got, ==, expected);
}

/* The changed directories, by mailbox, "/" for the root, separated by blanks. */
static void
assert_told (MfRig *rig, const char *mailboxes)
{
  g_autofree char *words = mf_event_log_take (rig->log);
  g_autoptr (GString) expected = g_string_new (NULL);
  g_auto (GStrv) names = g_strsplit (mailboxes, " ", -1);

  for (guint i = 0; names[i] != NULL; i++)
    g_string_append_printf (expected, "%stree %" G_GINT64_FORMAT, i > 0 ? ", " : "",
                            strcmp (names[i], "/") == 0 ? MF_FOLDER_ROOT : mf_rig_find (rig, names[i]));
  g_assert_cmpstr (words, ==, expected->str);
}

/* ---- coming and going ------------------------------------------------- */

static void
test_first_listing (MfRig *rig, gconstpointer data)
{
  mf_fake_create (rig->fake, "Work/2024");
  mf_fake_create_plain (rig->fake, "Lists");
  mf_fake_create (rig->fake, "Lists/glib");
  assert_pulls (rig, EVERYTHING, "INBOX (Lists) Lists/glib (Work) Work/2024");
  assert_told (rig, "/ Lists");
}

static void
test_nothing_new_is_no_news (MfRig *rig, gconstpointer data)
{
  mf_fake_create (rig->fake, "a/b");
  g_free (pull (rig, EVERYTHING));
  assert_told (rig, "/");
  assert_pulls (rig, EVERYTHING, "INBOX (a) a/b");
  mf_event_log_assert (rig->log, "");
}

static void
test_new_and_removed (MfRig *rig, gconstpointer data)
{
  mf_fake_create (rig->fake, "a");
  mf_fake_create (rig->fake, "b");
  g_free (pull (rig, EVERYTHING));
  assert_told (rig, "/");
  mf_fake_remove (rig->fake, "a");
  mf_fake_create (rig->fake, "b/c");
  assert_pulls (rig, EVERYTHING, "INBOX b b/c");
  assert_told (rig, "b /");
}

static void
rename_elsewhere (MfRig *rig, const char *mailbox, const char *to)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  MfRemote *other = mf_fake_ops.open (mf_fake_account (rig->fake), cancellable, NULL);

  g_assert_true (mf_fake_ops.rename (other, mailbox, to, cancellable, NULL));
  mf_fake_ops.close (other);
}

static void
test_renamed (MfRig *rig, gconstpointer data)
{
  mf_fake_create (rig->fake, "a/b"); /* listed before what is above it */
  mf_fake_create (rig->fake, "a");
  mf_fake_create (rig->fake, "c");
  mf_fake_fill (rig->fake, "a", 2);
  mf_fake_fill (rig->fake, "a/b", 3);
  g_free (pull (rig, EVERYTHING));
  mf_rig_pull_folder (rig, "a");
  mf_rig_pull_folder (rig, "a/b");
  MfFolderId a = mf_rig_find (rig, "a"), b = mf_rig_find (rig, "a/b");
  gint64 first = mf_rig_number (rig, "SELECT MIN(id) FROM message");
  g_free (mf_event_log_take (rig->log));
  rename_elsewhere (rig, "a", "c/d");
  g_autofree char *stale = pull (rig, EVERYTHING);
  g_assert_cmpstr (stale, ==, "c/d c/d/b");
  assert_told (rig, "/ c");
  g_assert_cmpint (mf_rig_find (rig, "c/d"), ==, a);
  g_assert_cmpint (mf_rig_find (rig, "c/d/b"), ==, b);
  mf_rig_pull_folder (rig, "c/d");
  mf_rig_pull_folder (rig, "c/d/b");
  g_autofree char *of_a = mf_rig_messages (rig, "c/d"), *of_b = mf_rig_messages (rig, "c/d/b");
  g_assert_cmpstr (of_a, ==, "1: 2:");
  g_assert_cmpstr (of_b, ==, "1: 2: 3:");
  g_assert_cmpint (mf_rig_number (rig, "SELECT MIN(id) FROM message"), ==, first);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, 5);
}

/* On servers on which all mailboxes have one UIDVALIDITY. */
static void
test_taken_for_renamed (MfRig *rig, gconstpointer data)
{
  g_autofree char *sql = NULL;

  mf_fake_create (rig->fake, "a");
  mf_fake_append (rig->fake, "a", "Subject: one\r\n\r\n", 0, NULL);
  g_free (pull (rig, EVERYTHING));
  mf_rig_pull_folder (rig, "a");
  gint64 first = mf_rig_number (rig, "SELECT MIN(id) FROM message");
  mf_fake_remove (rig->fake, "a");
  mf_fake_create (rig->fake, "b");
  mf_fake_append (rig->fake, "b", "Subject: another\r\n\r\n", MF_FLAG_SEEN, NULL);
  sql = g_strdup_printf ("UPDATE folder SET uidvalidity = %u WHERE mailbox = 'a'",
                         mf_fake_uidvalidity (rig->fake, "b"));
  mf_rig_sql (rig, sql);
  assert_pulls (rig, EVERYTHING, "INBOX b");
  mf_rig_pull_folder (rig, "b");
  g_autofree char *messages = mf_rig_messages (rig, "b");
  g_assert_cmpstr (messages, ==, "1:S");
  g_assert_cmpint (mf_rig_number (rig, "SELECT MIN(id) FROM message"), >, first);
}

static void
test_branch_is_removed_whole (MfRig *rig, gconstpointer data)
{
  mf_fake_create (rig->fake, "a/b/c");
  g_free (pull (rig, EVERYTHING));
  mf_fake_remove (rig->fake, "a/b/c");
  assert_pulls (rig, EVERYTHING, "INBOX");
}

static void
test_parent_that_went_stays_plain (MfRig *rig, gconstpointer data)
{
  mf_fake_create (rig->fake, "a");
  mf_fake_create (rig->fake, "a/b");
  g_free (pull (rig, EVERYTHING));
  mf_fake_remove (rig->fake, "a"); /* listed as \NoSelect from now on */
  assert_pulls (rig, EVERYTHING, "INBOX (a) a/b");
}

static void
test_parent_that_is_not_listed_is_plain (MfRig *rig, gconstpointer data)
{
  const char *const exclude[] = { "a", NULL };
  MfFolderFilter filter = { .exclude = exclude };

  mf_fake_create (rig->fake, "a");
  mf_fake_create (rig->fake, "a/b");
  assert_pulls (rig, EVERYTHING, "INBOX a a/b");
  g_free (mf_event_log_take (rig->log));
  assert_pulls (rig, &filter, "INBOX (a) a/b");
  assert_told (rig, "a");
}

static void
test_failing_answer_removes_nothing (MfRig *rig, gconstpointer data)
{
  g_autoptr (GArray) stale = g_array_new (FALSE, FALSE, sizeof (MfFolderId));
  g_autoptr (GError) error = NULL;

  mf_fake_create (rig->fake, "a");
  mf_fake_create (rig->fake, "b");
  g_free (pull (rig, EVERYTHING));
  g_free (mf_event_log_take (rig->log));
  mf_fake_create (rig->fake, "c");
  mf_fake_lose_answer (rig->fake, MF_FAKE_LIST, 1);
  g_assert_false (mf_rig_try_pull_tree (rig, EVERYTHING, stale, NULL, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
  g_autofree char *got = tree (rig);
  g_assert_cmpstr (got, ==, "INBOX a b");
  mf_event_log_assert (rig->log, "");
  assert_pulls (rig, EVERYTHING, "INBOX a b c");
}

static void
test_removed_folder_takes_messages (MfRig *rig, gconstpointer data)
{
  mf_fake_create (rig->fake, "a");
  g_free (pull (rig, EVERYTHING));
  mf_rig_put_message (rig, mf_rig_find (rig, "a"), 1, 10);
  mf_fake_remove (rig->fake, "a");
  g_free (pull (rig, EVERYTHING));
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, 0);
}

/* ---- which are shown -------------------------------------------------- */

static void
test_globs_choose (MfRig *rig, gconstpointer data)
{
  const char *const folders[] = { "Work*", "Entwürfe", NULL };
  const char *const exclude[] = { "*/old", NULL };
  MfFolderFilter filter = { folders, exclude, FALSE };

  mf_fake_create (rig->fake, "Work");
  mf_fake_create (rig->fake, "Work/new");
  mf_fake_create (rig->fake, "Work/old");
  mf_fake_create (rig->fake, "Play");
  mf_fake_create (rig->fake, "Entw&APw-rfe");
  assert_pulls (rig, &filter, "Entw&APw-rfe Work Work/new");
  assert_pulls (rig, EVERYTHING, "Entw&APw-rfe Work Work/new INBOX Play Work/old");
  assert_pulls (rig, &filter, "Entw&APw-rfe Work Work/new");
}

/* As Trash may be, when something is removed. */
static void
test_left_out_once_told (MfRig *rig, gconstpointer data)
{
  const char *const exclude[] = { "Trash", NULL };
  MfFolderFilter filter = { .exclude = exclude };
  g_auto (MfMessage) message = { 0 };

  mf_fake_create (rig->fake, "Trash");
  MfFolderId trash = mf_rig_put_folder (rig, "Trash");
  MfMsgId id = mf_rig_put_message (rig, mf_rig_put_folder (rig, "INBOX"), 1, 10);
  g_assert_true (mf_messages_get (rig->db, id, &message, NULL));
  g_assert_true (mf_journal_move (rig->db, &message, trash, TRUE, NULL));
  assert_pulls (rig, &filter, "Trash INBOX");
  mf_rig_sql (rig, "UPDATE change SET state = 2");
  assert_pulls (rig, &filter, "Trash INBOX");
  mf_rig_sql (rig, "UPDATE change SET state = 3");
  assert_pulls (rig, &filter, "INBOX");
}

static void
test_subscribed_only (MfRig *rig, gconstpointer data)
{
  MfFolderFilter filter = { .subscribed = TRUE };

  mf_fake_create (rig->fake, "a");
  mf_fake_create (rig->fake, "b");
  mf_fake_subscribe (rig->fake, "a", FALSE);
  mf_fake_subscribe (rig->fake, "INBOX", FALSE);
  assert_pulls (rig, &filter, "INBOX b");
}

static void
test_use_and_subscription_follow (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) before = { 0 }, after = { 0 };

  mf_fake_create (rig->fake, "Bin");
  g_free (pull (rig, EVERYTHING));
  g_assert_true (mf_folders_get_mailbox (rig->db, "Bin", &before, NULL));
  g_assert_true (before.subscribed);
  g_assert_cmpint (before.special_use, ==, MF_USE_NONE);
  mf_fake_set_use (rig->fake, "Bin", MF_USE_TRASH);
  mf_fake_subscribe (rig->fake, "Bin", FALSE);
  g_free (pull (rig, EVERYTHING));
  g_assert_true (mf_folders_get_mailbox (rig->db, "Bin", &after, NULL));
  g_assert_false (after.subscribed);
  g_assert_cmpint (after.special_use, ==, MF_USE_TRASH);
}

/* ---- which are behind ------------------------------------------------- */

static void
sync_all (MfRig *rig)
{
  g_autoptr (GPtrArray) all = mf_folders_all (rig->db, NULL);

  for (guint i = 0; i < all->len; i++)
    {
      MfFolder *folder = g_ptr_array_index (all, i);
      g_autoptr (GError) error = NULL;
      if (folder->mailbox != NULL)
        mf_pull_folder (&rig->settle, rig->link, folder->id, &error);
      g_assert_no_error (error);
    }
}

static void
assert_stale (MfRig *rig, const char *expected)
{
  g_autofree char *stale = pull (rig, EVERYTHING);

  g_assert_cmpstr (stale, ==, expected);
}

static void
test_stale_are_found (MfRig *rig, gconstpointer data)
{
  mf_fake_create (rig->fake, "flags");
  mf_fake_create (rig->fake, "gone");
  mf_fake_create (rig->fake, "more");
  mf_fake_create (rig->fake, "same");
  mf_fake_create (rig->fake, "renumbered");
  for (const char *const *name = (const char *const[]){ "flags", "gone", "more", "same",
                                                        "renumbered", NULL };
       *name != NULL; name++)
    mf_fake_fill (rig->fake, *name, 3);
  assert_stale (rig, ""); /* what nobody has seen is not behind */
  sync_all (rig);
  assert_stale (rig, "");
  mf_fake_set_flags (rig->fake, "flags", 2, MF_FLAG_SEEN, NULL);
  mf_fake_expunge (rig->fake, "gone", 2);
  mf_fake_fill (rig->fake, "more", 1);
  mf_fake_renumber (rig->fake, "renumbered");
  assert_stale (rig, "flags gone more renumbered");
  sync_all (rig);
  assert_stale (rig, "");
}

/* Counts do not tell of flags. */
static void
test_without_modseq_flags_are_untold (MfRig *rig, gconstpointer data)
{
  g_autoptr (GArray) stale = g_array_new (FALSE, FALSE, sizeof (MfFolderId));
  g_autoptr (GArray) untold = g_array_new (FALSE, FALSE, sizeof (MfFolderId));

  mf_fake_create (rig->fake, "empty");
  mf_fake_create (rig->fake, "flags");
  mf_fake_create (rig->fake, "unknown");
  mf_fake_fill (rig->fake, "flags", 3);
  mf_fake_fill (rig->fake, "unknown", 3);
  assert_stale (rig, "");
  g_assert_true (mf_rig_try_pull_folder (rig, "empty", NULL));
  g_assert_true (mf_rig_try_pull_folder (rig, "flags", NULL));
  assert_stale (rig, "");
  g_assert_true (mf_rig_try_pull_tree (rig, EVERYTHING, stale, untold, NULL));
  g_autofree char *names = mailboxes (rig, untold);
  g_assert_cmpuint (stale->len, ==, 0);
  g_assert_cmpstr (names, ==, "flags");
}

static void
test_empty_folder_is_not_stale (MfRig *rig, gconstpointer data)
{
  mf_fake_fill (rig->fake, "INBOX", 2);
  mf_fake_expunge (rig->fake, "INBOX", 2);
  mf_fake_expunge (rig->fake, "INBOX", 1);
  g_free (pull (rig, EVERYTHING));
  sync_all (rig);
  assert_stale (rig, "");
}

#define ADD(path, func)                                                                           \
  g_test_add ("/pulltree/" path, MfRig, NULL, mf_rig_set_up, func, mf_rig_tear_down)
#define ADD_WITH(path, caps, func)                                                                \
  g_test_add ("/pulltree/" path, MfRig, GUINT_TO_POINTER (caps), mf_rig_set_up, func,             \
              mf_rig_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("the first listing makes the tree", test_first_listing);
  ADD ("nothing new is no news", test_nothing_new_is_no_news);
  ADD ("folders come and go", test_new_and_removed);
  ADD ("a folder that another client renamed stays what it is", test_renamed);
  ADD ("a folder that is only taken for a renamed one has its own messages", test_taken_for_renamed);
  ADD ("a branch goes whole", test_branch_is_removed_whole);
  ADD ("a mailbox that went stays as a plain parent", test_parent_that_went_stays_plain);
  ADD ("a parent that is not to be shown is plain", test_parent_that_is_not_listed_is_plain);
  ADD ("an answer that fails removes nothing", test_failing_answer_removes_nothing);
  ADD ("a removed folder takes its messages along", test_removed_folder_takes_messages);
  ADD ("globs choose folders by decoded names", test_globs_choose);
  ADD ("what is left out goes once its changes are told", test_left_out_once_told);
  ADD ("only subscribed ones, and INBOX", test_subscribed_only);
  ADD ("special use and subscription follow the server", test_use_and_subscription_follow);
  ADD ("folders that are behind are found by counts", test_stale_are_found);
  ADD ("without MODSEQ nothing is told of flags", test_without_modseq_flags_are_untold);
  ADD_WITH ("folders that are behind are found with CONDSTORE", MF_CAP_CONDSTORE,
            test_stale_are_found);
  ADD_WITH ("folders that are behind are found with QRESYNC",
            MF_CAP_CONDSTORE | MF_CAP_QRESYNC, test_stale_are_found);
  ADD ("an emptied folder is not behind", test_empty_folder_is_not_stale);
  return g_test_run ();
}
