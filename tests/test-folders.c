#include "cache/folders.h"

#include "cache/messages.h"
#include "tests/rig.h"

/* Returns the directory that has changed by it. */
static MfFolderId
list_as (MfRig *rig, const char *mailbox, char delimiter, gboolean selectable, MfFolderId *out_id)
{
  MfRemoteFolder listed = { .mailbox = mailbox, .delimiter = delimiter, .selectable = selectable };
  g_autoptr (GError) error = NULL;
  MfFolderId changed = 0;

  mf_folders_put (rig->db, &listed, out_id, &changed, &error);
  g_assert_no_error (error);
  return changed;
}

static MfFolderId
list (MfRig *rig, const char *mailbox)
{
  MfFolderId id = 0;

  list_as (rig, mailbox, '/', TRUE, &id);
  return id;
}

static void
get (MfRig *rig, MfFolderId id, MfFolder *out)
{
  g_autoptr (GError) error = NULL;

  mf_folders_get (rig->db, id, out, &error);
  g_assert_no_error (error);
}

static void
assert_child (MfRig *rig, MfFolderId parent, const char *name, MfFolderId expected)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;

  mf_folders_get_child (rig->db, parent, name, &folder, &error);
  g_assert_no_error (error);
  g_assert_cmpint (folder.id, ==, expected);
}

/* ---- the tree --------------------------------------------------------- */

static void
test_path_makes_parents (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) c = { 0 }, b = { 0 }, a = { 0 };

  get (rig, list (rig, "a/b/c"), &c);
  get (rig, c.parent, &b);
  get (rig, b.parent, &a);
  g_assert_cmpstr (c.name, ==, "c");
  g_assert_cmpstr (c.mailbox, ==, "a/b/c");
  g_assert_true (c.selectable);
  g_assert_cmpstr (b.mailbox, ==, "a/b");
  g_assert_false (b.selectable);
  g_assert_cmpstr (a.mailbox, ==, "a");
  g_assert_false (a.selectable);
  g_assert_cmpint (a.parent, ==, MF_FOLDER_ROOT);
}

static void
test_late_parent_keeps_its_id (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) child = { 0 }, parent = { 0 };
  MfFolderId id = 0;

  get (rig, list (rig, "a/b"), &child);
  g_assert_cmpint (list_as (rig, "a", '/', TRUE, &id), ==, child.parent);
  g_assert_cmpint (id, ==, child.parent);
  get (rig, id, &parent);
  g_assert_true (parent.selectable);
  g_assert_cmpint (list_as (rig, "a", '/', TRUE, &id), ==, 0);
  g_assert_cmpint (list_as (rig, "a", '/', FALSE, &id), ==, id);
}

static void
test_known_is_not_new (MfRig *rig, gconstpointer data)
{
  MfFolderId first = 0, again = 0;

  g_assert_cmpint (list_as (rig, "a", '/', TRUE, &first), ==, MF_FOLDER_ROOT);
  g_assert_cmpint (list_as (rig, "a", '/', TRUE, &again), ==, 0);
  g_assert_cmpint (first, ==, again);
  g_assert_cmpint (list_as (rig, "a/b", '/', TRUE, &again), ==, first);
  g_assert_cmpint (list_as (rig, "c/d/e", '/', TRUE, &again), ==, MF_FOLDER_ROOT);
}

static void
test_inbox_in_any_case (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) child = { 0 };
  MfFolderId inbox = list (rig, "Inbox");

  assert_child (rig, MF_FOLDER_ROOT, "INBOX", inbox);
  get (rig, list (rig, "INBOX/sub"), &child);
  g_assert_cmpint (child.parent, ==, inbox);
  g_assert_cmpint (list (rig, "inbox"), ==, inbox);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM folder WHERE parent = 1"), ==, 1);
}

static void
test_inbox_elsewhere_is_plain (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 };

  get (rig, list (rig, "a/Inbox"), &folder);
  g_assert_cmpstr (folder.name, ==, "Inbox");
}

static void
test_names_are_decoded (MfRig *rig, gconstpointer data)
{
  MfFolderId drafts = list (rig, "Entw&APw-rfe/&-");
  g_auto (MfFolder) folder = { 0 };

  get (rig, drafts, &folder);
  g_assert_cmpstr (folder.name, ==, "&");
  assert_child (rig, MF_FOLDER_ROOT, "Entwürfe", folder.parent);
}

static void
test_misspelt_names_stay (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 };

  get (rig, list (rig, "&bad"), &folder);
  g_assert_cmpstr (folder.name, ==, "&bad");
}

/* "é" as it should be, and as raw UTF-8 that the decoder refuses. */
static void
test_siblings_that_look_alike (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) first = { 0 }, second = { 0 };

  get (rig, list (rig, "&AOk-"), &first);
  get (rig, list (rig, "\xc3\xa9"), &second);
  g_assert_cmpint (first.id, !=, second.id);
  g_assert_cmpstr (first.name, ==, "é");
  g_assert_true (g_str_has_prefix (second.name, "é\x7f"));
  g_assert_cmpint (list (rig, "&AOk-"), ==, first.id);
  g_assert_cmpint (list (rig, "\xc3\xa9"), ==, second.id);
}

static void
test_empty_component (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 }, middle = { 0 };

  get (rig, list (rig, "a//b"), &folder);
  get (rig, folder.parent, &middle);
  g_assert_cmpstr (middle.name, ==, "");
  g_assert_cmpstr (middle.mailbox, ==, "a/");
  g_assert_cmpint (list (rig, "a//b"), ==, folder.id);
}

static void
test_flat_names_are_whole (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 };
  MfFolderId id = 0;

  list_as (rig, "a/b.c", 0, TRUE, &id);
  get (rig, id, &folder);
  g_assert_cmpstr (folder.name, ==, "a/b.c");
  g_assert_cmpint (folder.parent, ==, MF_FOLDER_ROOT);
}

static void
test_other_delimiter (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 }, parent = { 0 };
  MfFolderId id = 0;

  list_as (rig, "INBOX.a/b", '.', TRUE, &id);
  get (rig, id, &folder);
  g_assert_cmpstr (folder.name, ==, "a/b");
  get (rig, folder.parent, &parent);
  g_assert_cmpstr (parent.mailbox, ==, "INBOX");
}

static void
test_children_are_in_order (MfRig *rig, gconstpointer data)
{
  MfFolderId b = list (rig, "b"), a = list (rig, "a");
  g_autoptr (GPtrArray) children = mf_folders_children (rig->db, MF_FOLDER_ROOT, NULL);

  g_assert_cmpuint (children->len, ==, 2);
  g_assert_cmpint (((MfFolder *) g_ptr_array_index (children, 0))->id, ==, b);
  g_assert_cmpint (((MfFolder *) g_ptr_array_index (children, 1))->id, ==, a);
}

static void
test_missing_is_not_found (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (mf_folders_get (rig->db, 77, &folder, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND);
  g_assert_null (folder.name);
}

static void
test_use_is_found (MfRig *rig, gconstpointer data)
{
  MfRemoteFolder trash = { .mailbox = "Bin", .delimiter = '/', .selectable = TRUE,
                           .special_use = MF_USE_TRASH };
  g_auto (MfFolder) folder = { 0 };
  MfFolderId id = 0;
  MfFolderId changed = 0;

  g_assert_false (mf_folders_find_use (rig->db, MF_USE_TRASH, &folder, NULL));
  g_assert_true (mf_folders_put (rig->db, &trash, &id, &changed, NULL));
  g_assert_true (mf_folders_find_use (rig->db, MF_USE_TRASH, &folder, NULL));
  g_assert_cmpint (folder.id, ==, id);
}

/* ---- numbers ---------------------------------------------------------- */

static void
list_with_status (MfRig *rig, guint32 messages, guint32 unseen)
{
  MfMailboxStatus status = { .messages = messages, .unseen = unseen };
  MfRemoteFolder listed = { .mailbox = "a", .delimiter = '/', .selectable = TRUE,
                            .status = &status };
  MfFolderId id = 0;
  MfFolderId changed = 0;

  g_assert_true (mf_folders_put (rig->db, &listed, &id, &changed, NULL));
}

static void
test_status_counts_until_known (MfRig *rig, gconstpointer data)
{
  MfMailboxStatus status = { .uidnext = 8, .highestmodseq = 9 };
  g_auto (MfFolder) before = { 0 }, after = { 0 };

  list_with_status (rig, 5, 3);
  get (rig, mf_rig_find (rig, "a"), &before);
  g_assert_cmpuint (before.messages, ==, 5);
  g_assert_cmpuint (before.unseen, ==, 3);
  g_assert_true (mf_folders_set_synced (rig->db, before.id, &status, NULL));
  list_with_status (rig, 50, 30);
  get (rig, before.id, &after);
  g_assert_cmpuint (after.messages, ==, 5);
  g_assert_cmpuint (after.uidnext, ==, 8);
  g_assert_cmpuint (after.highestmodseq, ==, 9);
  g_assert_true (after.known);
}

static void
test_count_is_of_what_is_shown (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 };
  MfFolderId id = list (rig, "a");

  for (guint32 uid = 1; uid <= 6; uid++)
    mf_rig_put_message (rig, id, uid, 10);
  mf_rig_sql (rig, "UPDATE message SET flags = 0 WHERE uid > 1");
  mf_rig_sql (rig, "UPDATE message SET place = 2 WHERE uid = 5");
  mf_rig_sql (rig, "UPDATE message SET place = 3 WHERE uid = 6");
  g_assert_true (mf_folders_count (rig->db, id, NULL));
  get (rig, id, &folder);
  g_assert_cmpuint (folder.messages, ==, 4);
  g_assert_cmpuint (folder.unseen, ==, 3);
}

static void
test_touch_moves_its_place_only (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) folder = { 0 };
  MfFolderId id = list (rig, "a");

  mf_rig_sql (rig, "UPDATE folder SET cur_changed_ns = 1, new_changed_ns = 1, tmp_changed_ns = 1,"
                   " tree_changed_ns = 1");
  g_assert_true (mf_folders_touch (rig->db, id, MF_PLACE_NEW, NULL));
  get (rig, id, &folder);
  g_assert_cmpint (folder.changed_ns[MF_PLACE_CUR], ==, 1);
  g_assert_cmpint (folder.changed_ns[MF_PLACE_NEW], >, 1);
  g_assert_cmpint (folder.changed_ns[MF_PLACE_TMP], ==, 1);
  g_assert_cmpint (folder.tree_changed_ns, ==, 1);
}

static void
test_new_child_moves_its_parent (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) parent = { 0 }, root = { 0 };
  MfFolderId id = list (rig, "a");

  mf_rig_sql (rig, "UPDATE folder SET tree_changed_ns = 1");
  list (rig, "a/b");
  get (rig, id, &parent);
  get (rig, MF_FOLDER_ROOT, &root);
  g_assert_cmpint (parent.tree_changed_ns, >, 1);
  g_assert_cmpint (root.tree_changed_ns, ==, 1);
}

static void
test_removal_takes_all (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) root = { 0 };
  MfFolderId id = list (rig, "a"), other = list (rig, "b");

  mf_rig_put_message (rig, id, 1, 10);
  mf_rig_put_message (rig, other, 1, 10);
  mf_rig_sql (rig, "INSERT INTO body SELECT id, 1, 8, 10, 0 FROM message");
  mf_rig_sql (rig, "UPDATE folder SET tree_changed_ns = 1");
  g_assert_true (mf_folders_remove (rig->db, id, NULL));
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, 1);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM body"), ==, 1);
  g_assert_false (mf_folders_get (rig->db, id, &(MfFolder){ 0 }, NULL));
  get (rig, MF_FOLDER_ROOT, &root);
  g_assert_cmpint (root.tree_changed_ns, >, 1);
  g_assert_cmpint (list (rig, "a"), >, other);
}

/* ---- tags ------------------------------------------------------------- */

static char *
tag_under (MfRig *rig, const char *mailbox, guint32 uidvalidity)
{
  g_auto (MfFolder) before = { 0 }, after = { 0 };
  g_autoptr (GError) error = NULL;

  get (rig, list (rig, mailbox), &before);
  mf_folders_set_validity (rig->db, &before, uidvalidity, &error);
  g_assert_no_error (error);
  get (rig, before.id, &after);
  g_assert_cmpuint (after.uidvalidity, ==, uidvalidity);
  return g_strdup (after.tag);
}

static void
test_validity_makes_another_tag (MfRig *rig, gconstpointer data)
{
  g_autofree char *one = tag_under (rig, "a", 1);
  g_autofree char *two = tag_under (rig, "a", 2);
  g_autofree char *again = tag_under (rig, "a", 1);
  g_autofree char *other = tag_under (rig, "b", 1);

  g_assert_cmpstr (one, !=, two);
  g_assert_cmpstr (one, ==, again);
  g_assert_cmpstr (one, !=, other);
}

/* Messages keep the names that they had under the first tag. */
static void
test_tag_that_names_are_left_with_is_not_given_again (MfRig *rig, gconstpointer data)
{
  g_autofree char *one = tag_under (rig, "a", 1);
  g_autofree char *sql = g_strdup_printf ("INSERT INTO message (folder, place, base) VALUES"
                                          " (%" G_GINT64_FORMAT ", 0, '0000000001.00000007.%s')",
                                          mf_rig_find (rig, "a"), one);

  mf_rig_sql (rig, sql);
  g_free (tag_under (rig, "a", 2));
  g_autofree char *again = tag_under (rig, "a", 1);
  g_assert_cmpstr (one, !=, again);
}

static void
test_validity_asks_for_everything (MfRig *rig, gconstpointer data)
{
  MfMailboxStatus status = { .uidnext = 8, .highestmodseq = 9 };
  g_auto (MfFolder) folder = { 0 };
  MfFolderId id = list (rig, "a");

  g_assert_true (mf_folders_set_synced (rig->db, id, &status, NULL));
  g_free (tag_under (rig, "a", 3));
  get (rig, id, &folder);
  g_assert_true (folder.known); /* readers need not wait */
  g_assert_cmpuint (folder.uidnext, ==, 0);
  g_assert_cmpuint (folder.highestmodseq, ==, 0);
}

static void
test_tag_is_the_same_elsewhere (MfRig *rig, gconstpointer data)
{
  MfRig other = { 0 };

  mf_rig_init (&other, 0);
  list (&other, "x/y/z");
  g_autofree char *here = tag_under (rig, "a", 7);
  g_autofree char *there = tag_under (&other, "a", 7);
  g_assert_cmpstr (here, ==, there);
  mf_rig_clear (&other);
}

static void
test_taken_tag_is_passed_over (MfRig *rig, gconstpointer data)
{
  g_autofree char *wanted = tag_under (rig, "a", 7);
  g_auto (MfFolder) thief = { 0 };

  get (rig, list (rig, "b"), &thief);
  g_free (tag_under (rig, "a", 8));
  g_assert_true (mf_db_run (rig->db, NULL, "UPDATE folder SET tag = ? WHERE id = ?", "si", wanted,
                            thief.id));
  g_autofree char *got = tag_under (rig, "a", 7);
  g_assert_cmpstr (got, !=, wanted);
  g_assert_nonnull (got);
}

#define ADD(path, func)                                                                           \
  g_test_add ("/folders/" path, MfRig, NULL, mf_rig_set_up, func, mf_rig_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a path makes plain parents", test_path_makes_parents);
  ADD ("a parent that is listed late keeps its id and has changed", test_late_parent_keeps_its_id);
  ADD ("a new folder is told with the topmost directory that has it", test_known_is_not_new);
  ADD ("INBOX in any case is one folder", test_inbox_in_any_case);
  ADD ("Inbox below another folder is a name like others", test_inbox_elsewhere_is_plain);
  ADD ("names are decoded", test_names_are_decoded);
  ADD ("a name that cannot be decoded stays as it is", test_misspelt_names_stay);
  ADD ("siblings that look alike stay two", test_siblings_that_look_alike);
  ADD ("an empty component is a folder", test_empty_component);
  ADD ("without a delimiter a name is whole", test_flat_names_are_whole);
  ADD ("another delimiter leaves slashes in names", test_other_delimiter);
  ADD ("children come in the order of ids", test_children_are_in_order);
  ADD ("a missing folder is NOT_FOUND", test_missing_is_not_found);
  ADD ("a special use is found", test_use_is_found);
  ADD ("the server's counts are shown until the folder is known",
       test_status_counts_until_known);
  ADD ("counts are of what is shown", test_count_is_of_what_is_shown);
  ADD ("a change moves the time of its place only", test_touch_moves_its_place_only);
  ADD ("a new child moves the time of its parent only", test_new_child_moves_its_parent);
  ADD ("a removed folder takes messages and bodies along, not its id", test_removal_takes_all);
  ADD ("another UIDVALIDITY makes another tag", test_validity_makes_another_tag);
  ADD ("another UIDVALIDITY asks for everything", test_validity_asks_for_everything);
  ADD ("a tag that names are left with is not given again",
       test_tag_that_names_are_left_with_is_not_given_again);
  ADD ("the tag is the same in every index of the account", test_tag_is_the_same_elsewhere);
  ADD ("a tag that another folder has is passed over", test_taken_tag_is_passed_over);
  return g_test_run ();
}
