/* The whole of cache/ through its door: it is opened, and what is wanted comes. */
#include "cache/cache.h"

#include <string.h>

#include <glib/gstdio.h>

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"
#include "tests/patience.h"

/* ---- opening and starting --------------------------------------------- */

static void
test_start_lists_folders (MfDoor *door, gconstpointer data)
{
  g_auto (MfFolder) plain = { 0 }, child = { 0 };

  mf_door_start (door);
  g_assert_true (mf_door_is_online (door));
  mf_door_find (door, "INBOX");
  mf_door_find (door, "other");
  g_assert_true (mf_cache_folder (door->cache, mf_door_find (door, "plain"), &plain, NULL));
  g_assert_false (plain.selectable);
  g_assert_true (mf_cache_folder_child (door->cache, plain.id, "child", &child, NULL));
  g_assert_true (child.selectable);
}

static void
test_one_process_at_a_time (MfDoor *door, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_door_open (door);
  g_assert_null (mf_door_try_open (door, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_BUSY);
  g_clear_pointer (&door->cache, mf_cache_close);
  mf_door_open (door);
}

static void
test_without_server_and_index_it_fails (MfDoor *door, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_fake_set_online (door->fake, FALSE);
  mf_door_open (door);
  g_assert_false (mf_door_try_start (door, NULL, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE);
}

static void
test_refused_login_fails (MfDoor *door, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_door_start (door);
  mf_door_stop (door);
  mf_fake_fail (door->fake, MF_FAKE_OPEN, MF_REMOTE_ERROR_AUTH, 1);
  mf_door_open (door);
  g_assert_false (mf_door_try_start (door, NULL, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_AUTH);
}

static void
test_with_an_index_it_starts_offline (MfDoor *door, gconstpointer data)
{
  mf_fake_fill (door->fake, "INBOX", 3);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 2)), ==, MF_DOOR_OK);
  mf_door_stop (door);

  mf_fake_set_online (door->fake, FALSE);
  mf_door_start (door);
  g_assert_false (mf_door_is_online (door));
  g_autofree char *text = mf_door_read_body (door, mf_door_find_uid (door, "INBOX", 2));
  g_assert_cmpstr (text, ==, "Subject: 2\n\nNumber 2\n");
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 3)), ==,
                   MF_CACHE_ERROR_OFFLINE);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_wait_online (door, TRUE);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 3)), ==, MF_DOOR_OK);
}

static gpointer
cancel_when_held (gpointer data)
{
  gpointer *pair = data;

  g_assert_true (mf_fake_wait_held (pair[0], MF_FAKE_LIST, 1));
  g_cancellable_cancel (pair[1]);
  return NULL;
}

static void
test_cancelled_start_fails (MfDoor *door, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  gpointer pair[2] = { door->fake, cancellable };

  mf_door_start (door); /* so that there is an index */
  mf_door_stop (door);
  mf_door_open (door);
  mf_fake_hold (door->fake, MF_FAKE_LIST);
  GThread *thread = g_thread_new ("cancel", cancel_when_held, pair);
  g_assert_false (mf_door_try_start (door, cancellable, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE);
  g_thread_join (thread);
}

/* ---- folders ---------------------------------------------------------- */

static void
test_folder_is_listed_when_wanted (MfDoor *door, gconstpointer data)
{
  g_auto (MfFolder) before = { 0 }, after = { 0 };

  mf_fake_fill (door->fake, "other", 7);
  mf_door_start (door);
  g_assert_true (mf_cache_folder (door->cache, mf_door_find (door, "other"), &before, NULL));
  g_assert_false (before.known);
  g_assert_cmpuint (before.messages, ==, 7);
  mf_door_list (door, "other");
  g_assert_true (mf_cache_folder (door->cache, before.id, &after, NULL));
  g_assert_true (after.known);
  g_assert_cmpuint (after.messages, ==, 7);
  g_assert_false (mf_cache_want_folder (door->cache, before.id, mf_patience_done, NULL));
}

static void
test_plain_folder_needs_no_listing (MfDoor *door, gconstpointer data)
{
  mf_door_start (door);
  g_assert_false (
      mf_cache_want_folder (door->cache, mf_door_find (door, "plain"), mf_patience_done, NULL));
  g_assert_false (mf_cache_want_folder (door->cache, MF_FOLDER_ROOT, mf_patience_done, NULL));
}

static void
test_missing_folder_is_told (MfDoor *door, gconstpointer data)
{
  mf_door_start (door);
  g_assert_cmpint (mf_door_want_folder (door, 12345), ==, MF_CACHE_ERROR_NOT_FOUND);
  g_assert_cmpint (mf_door_want_body (door, 12345), ==, MF_CACHE_ERROR_NOT_FOUND);
}

static void
test_refused_folder_is_told (MfDoor *door, gconstpointer data)
{
  mf_door_start (door);
  mf_fake_fail_in (door->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_DENIED, 1);
  g_assert_cmpint (mf_door_want_folder (door, mf_door_find (door, "other")), ==,
                   MF_CACHE_ERROR_DENIED);
  g_assert_true (mf_door_is_online (door));
  mf_door_list (door, "other");
}

static void
test_wants_of_a_folder_join (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_fake_fill (door->fake, "other", 3);
  mf_door_start (door);
  mf_fake_hold (door->fake, MF_FAKE_FETCH);
  for (int i = 0; i < 5; i++)
    {
      g_assert_true (mf_cache_want_folder (door->cache, mf_door_find (door, "other"),
                                           mf_patience_done, patience));
      g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_FETCH, 1));
    }
  mf_fake_release (door->fake, MF_FAKE_FETCH);
  mf_patience_wait (patience, 5);
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_FETCH), ==, 1);
}

/* ---- bodies ----------------------------------------------------------- */

static void
test_body_comes_when_wanted (MfDoor *door, gconstpointer data)
{
  g_auto (MfMessage) message = { 0 };

  mf_fake_fill (door->fake, "INBOX", 3);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_assert_null (mf_cache_body_open (door->cache, id, NULL));
  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_door_wait_event (door, "size 2");
  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_true (message.exact);
  g_assert_true (message.cached);
  g_autofree char *text = mf_door_read_body (door, id);
  g_assert_cmpstr (text, ==, "Subject: 2\n\nNumber 2\n");
  g_assert_cmpuint (message.size, ==, strlen (text));
  g_assert_false (mf_cache_want_body (door->cache, id, mf_patience_done, NULL));
}

static void
test_wants_of_a_body_join (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();
  g_autofree char *sent = NULL;

  mf_fake_fill (door->fake, "INBOX", 3);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  mf_fake_hold (door->fake, MF_FAKE_BODIES);
  for (int i = 0; i < 5; i++)
    {
      g_assert_true (mf_cache_want_body (door->cache, mf_door_find_uid (door, "INBOX", 3),
                                         mf_patience_done, patience));
      g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_BODIES, 1));
    }
  mf_fake_release (door->fake, MF_FAKE_BODIES);
  mf_patience_wait (patience, 5);
  sent = mf_fake_bodies_sent (door->fake);
  g_assert_cmpstr (sent, ==, "INBOX:3 ");
}

static void
test_lost_body_fails_alone (MfDoor *door, gconstpointer data)
{
  mf_fake_fill (door->fake, "INBOX", 3);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  mf_fake_set_body (door->fake, "INBOX", 2, MF_FAKE_BODY_NIL);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 2)), ==,
                   MF_CACHE_ERROR_CORRUPT);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 1)), ==, MF_DOOR_OK);
  mf_fake_set_body (door->fake, "INBOX", 2, MF_FAKE_BODY_SENT);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 2)), ==, MF_DOOR_OK);
}

static void
test_body_of_what_another_removed (MfDoor *door, gconstpointer data)
{
  mf_fake_fill (door->fake, "other", 3);
  mf_door_start (door);
  mf_door_list (door, "other");
  MfMsgId id = mf_door_find_uid (door, "other", 2);
  mf_fake_expunge (door->fake, "other", 2); /* nobody watches there */
  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_CACHE_ERROR_NOT_FOUND);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "other", 3)), ==, MF_DOOR_OK);
}

static void
test_bodies_of_two_folders (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_fake_fill (door->fake, "INBOX", 5);
  mf_fake_fill (door->fake, "other", 5);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  mf_door_list (door, "other");
  for (guint32 uid = 5; uid > 0; uid--)
    {
      mf_cache_want_body (door->cache, mf_door_find_uid (door, "INBOX", uid), mf_patience_done,
                          patience);
      mf_cache_want_body (door->cache, mf_door_find_uid (door, "other", uid), mf_patience_done,
                          patience);
    }
  mf_patience_wait (patience, 10);
  for (guint32 uid = 1; uid <= 5; uid++)
    g_free (mf_door_read_body (door, mf_door_find_uid (door, "other", uid)));
}

/* ---- stopping --------------------------------------------------------- */

static void
test_stop_answers_everyone (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_fake_fill (door->fake, "INBOX", 20);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  mf_fake_hold (door->fake, MF_FAKE_BODIES);
  mf_fake_hold (door->fake, MF_FAKE_FETCH);
  for (guint32 uid = 20; uid > 0; uid--)
    g_assert_true (mf_cache_want_body (door->cache, mf_door_find_uid (door, "INBOX", uid),
                                       mf_patience_done, patience));
  g_assert_true (
      mf_cache_want_folder (door->cache, mf_door_find (door, "other"), mf_patience_done, patience));
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_BODIES, 1));
  mf_cache_stop (door->cache);
  g_assert_cmpuint (mf_patience_calls (patience), ==, 21);
  g_assert_true (mf_cache_want_body (door->cache, mf_door_find_uid (door, "INBOX", 1),
                                     mf_patience_done, patience));
  g_assert_cmpuint (mf_patience_calls (patience), ==, 22);
  g_clear_pointer (&door->cache, mf_cache_close);
  g_assert_cmpuint (mf_patience_calls (patience), ==, 22);
}

static void
test_stop_without_start (MfDoor *door, gconstpointer data)
{
  mf_door_open (door);
  g_assert_cmpuint (mf_cache_stop (door->cache), ==, 0);
  g_clear_pointer (&door->cache, mf_cache_close);
}
#define ADD(path, func)                                                                            \
  g_test_add ("/cache/" path, MfDoor, NULL, mf_door_set_up, func, mf_door_tear_down)

/* What has just been uploaded is still a file of its own, as long as there is no cache to put
 * it into. */
static void
test_copy_of_what_was_just_sent_can_be_read (MfDoor *door, gconstpointer data)
{
  static const char text[] = "Subject: mine\n\nText\n";
  g_autofree char *away = g_strconcat (door->cache_dir, ".away", NULL);
  g_auto (MfMessage) copy = { 0 };
  g_autoptr (GError) error = NULL;

  mf_door_start (door);
  MfFolderId inbox = mf_door_list (door, "INBOX"), other = mf_door_list (door, "other");
  g_assert_cmpint (g_rename (door->cache_dir, away), ==, 0);
  mf_check (g_file_set_contents (door->cache_dir, "", 0, &error), error);
  MfMsgId id = mf_edit_deliver (door->cache, inbox, "mine", text);
  mf_door_push_at_last (door);
  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  MfSpot spot = { other, MF_PLACE_CUR, "copy", 0, 0 };
  mf_check (mf_cache_copy (door->cache, id, &spot, &copy, &error), error);
  g_assert_cmpint (mf_door_want_body (door, copy.id), ==, MF_DOOR_OK);
  g_autofree char *read = mf_door_read_body (door, copy.id);
  g_assert_cmpstr (read, ==, text);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_wait_online (door, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a start lists the folders", test_start_lists_folders);
  ADD ("an account is open once", test_one_process_at_a_time);
  ADD ("without server and index it does not start", test_without_server_and_index_it_fails);
  ADD ("it does not start with a login that is refused", test_refused_login_fails);
  ADD ("with an index it starts without the server", test_with_an_index_it_starts_offline);
  ADD ("a start that is cancelled fails", test_cancelled_start_fails);
  ADD ("a folder is listed when it is wanted", test_folder_is_listed_when_wanted);
  ADD ("a folder without messages needs no listing", test_plain_folder_needs_no_listing);
  ADD ("what is missing is told", test_missing_folder_is_told);
  ADD ("a refusal is told, and is no loss", test_refused_folder_is_told);
  ADD ("wants of a folder join", test_wants_of_a_folder_join);
  ADD ("a body comes when it is wanted", test_body_comes_when_wanted);
  ADD ("wants of a body join", test_wants_of_a_body_join);
  ADD ("a lost body fails alone", test_lost_body_fails_alone);
  ADD ("a body that is asked for after another client has removed it is gone",
       test_body_of_what_another_removed);
  ADD ("bodies of two folders come", test_bodies_of_two_folders);
  ADD ("a copy of what was just sent can be read", test_copy_of_what_was_just_sent_can_be_read);
  ADD ("a stop answers everyone once", test_stop_answers_everyone);
  ADD ("it can be stopped without a start", test_stop_without_start);
  return g_test_run ();
}
