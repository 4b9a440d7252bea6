/* Changes that come to nothing, and what is to be left of them: the server has refused
 * them, or has lost what they are about. */
#include "cache/cache.h"

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"
#define NEW_TEXT "Subject: mine\n\nNew text\n"

/* Another mailbox, which is listed. */
static MfFolderId
add_mailbox (MfDoor *door, const char *mailbox)
{
  mf_door_stop (door);
  mf_fake_create (door->fake, mailbox);
  mf_door_start (door);
  return mf_door_list (door, mailbox);
}

/* ---- refused after the user has thought better of it -------------------- */

/* It is under way, and will be refused. */
static MfMsgId
begin_refused_upload (MfDoor *door)
{
  mf_fake_hold (door->fake, MF_FAKE_APPEND);
  mf_fake_fail_in (door->fake, "other", MF_FAKE_APPEND, MF_REMOTE_ERROR_DENIED, 1);
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  return id;
}

static void
test_removed_while_its_upload_is_refused (MfDoor *door, gconstpointer data)
{
  MfMsgId id = begin_refused_upload (door);

  mf_edit_remove (door->cache, id, "mine");
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  g_assert_false (mf_cache_message (door->cache, id, &(MfMessage){ 0 }, NULL));
  mf_door_assert_nothing_pending (door);
}

static void
test_moved_while_its_upload_is_refused (MfDoor *door, gconstpointer data)
{
  MfMsgId id = begin_refused_upload (door);

  mf_edit_move (door->cache, id, door->inbox, "mine", MF_FLAG_SEEN);
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, door->inbox);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5: 6:S");
  mf_door_assert_body (door, "INBOX", 6, WIRE);
  mf_door_assert_nothing_pending (door);
}

/* Of what is not here. */
static void
test_moved_while_its_copy_is_refused (MfDoor *door, gconstpointer data)
{
  MfSpot spot = { door->other, MF_PLACE_CUR, "copy", 0, 0 };
  g_auto (MfMessage) made = { 0 };
  g_autoptr (GError) error = NULL;

  mf_fake_hold (door->fake, MF_FAKE_COPY);
  mf_fake_fail (door->fake, MF_FAKE_COPY, MF_REMOTE_ERROR_DENIED, 1);
  mf_check (mf_cache_copy (door->cache, mf_door_find_uid (door, "INBOX", 2), &spot, &made, &error),
            error);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_COPY, 1));
  mf_edit_move (door->cache, made.id, door->inbox, "copy", MF_FLAG_SEEN);
  mf_fake_release (door->fake, MF_FAKE_COPY);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, made.id, door->inbox);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5: 6:S");
  mf_door_assert_nothing_pending (door);
}

/* ---- the old text comes back -------------------------------------------- */

static void
test_the_old_text_has_its_name (MfDoor *door, gconstpointer data)
{
  g_auto (MfMessage) old = { 0 };
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);

  mf_door_push_at_last (door);
  mf_fake_fail (door->fake, MF_FAKE_APPEND, MF_REMOTE_ERROR_DENIED, 1);
  mf_edit_rewrite (door->cache, id, "mine", NEW_TEXT);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  mf_door_assert_text (door, id, NEW_TEXT);
  g_assert_true (mf_cache_message_by_base (door->cache, door->other, "mine", &old, NULL));
  mf_door_assert_text (door, old.id, TEXT);
}

/* What was to replace it is replaced itself before it is sent. */
static void
test_the_old_text_waits_for_the_last (MfDoor *door, gconstpointer data)
{
  MfSpot spot = { door->inbox, MF_PLACE_TMP, "new", 0, 0 };
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  MfMsgId last = mf_edit_write (door->cache, &spot, NEW_TEXT);
  spot.place = MF_PLACE_CUR;
  spot.base = "x";
  mf_check (mf_cache_rename (door->cache, last, &spot, id, &error), error);
  mf_fake_fail (door->fake, MF_FAKE_APPEND, MF_REMOTE_ERROR_DENIED, 1);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, last);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5:");
}

/* Its folder was to go, once it had been moved out. */
static void
test_the_old_text_does_not_go_with_its_folder (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_fill_other (door, WIRE);
  g_autoptr (GError) error = NULL;

  mf_fake_set_online (door->fake, FALSE);
  mf_edit_move (door->cache, id, door->inbox, "x", 0);
  mf_check (mf_cache_remove_folder (door->cache, door->other, &error), error);
  mf_edit_rewrite (door->cache, id, "x", NEW_TEXT);
  mf_fake_fail (door->fake, MF_FAKE_APPEND, MF_REMOTE_ERROR_DENIED, 1);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  g_assert_true (mf_fake_has_mailbox (door->fake, "other"));
  mf_door_assert_server (door, "other", "1:");
}

static void
test_a_folder_is_removed_after_what_was_rewritten (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_fill_other (door, WIRE);
  g_autoptr (GError) error = NULL;

  mf_fake_set_online (door->fake, FALSE);
  mf_edit_move (door->cache, id, door->inbox, "x", 0);
  mf_check (mf_cache_remove_folder (door->cache, door->other, &error), error);
  mf_edit_rewrite (door->cache, id, "x", NEW_TEXT);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  g_assert_false (mf_fake_has_mailbox (door->fake, "other"));
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5: 6:");
  mf_door_assert_nothing_pending (door);
}

/* ---- what waits for another to arrive ----------------------------------- */

static void
test_moved_on_while_its_copy_goes (MfDoor *door, gconstpointer data)
{
  MfFolderId third = add_mailbox (door, "third");
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_door_wait_idle (door, 1);
  mf_fake_hold (door->fake, MF_FAKE_FETCH);
  mf_edit_move (door->cache, id, door->other, "x", MF_FLAG_SEEN);
  mf_door_wait_arrival (door, "other");
  mf_edit_move (door->cache, id, third, "x", MF_FLAG_SEEN);
  mf_fake_expunge (door->fake, "other", 1);
  mf_fake_release (door->fake, MF_FAKE_FETCH);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, third);
  mf_door_assert_server (door, "third", "1:S");
  mf_door_assert_server (door, "INBOX", "1: 2:ST 3: 4: 5:");
  mf_door_assert_nothing_pending (door);
}

/* The first is answered only when the second is queued. */
static void
test_moved_on_and_refused (MfDoor *door, gconstpointer data)
{
  MfFolderId third = add_mailbox (door, "third");
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  mf_fake_hold (door->fake, mf_door_moving (door));
  mf_fake_fail_in (door->fake, "other", mf_door_moving (door), MF_REMOTE_ERROR_DENIED, 1);
  mf_edit_move (door->cache, id, door->other, "x", 0);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_edit_move (door->cache, id, third, "x", 0);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, door->other);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_removed (door, "1: 3: 4: 5:", "1: 2:T 3: 4: 5:");
}

/* The new text has arrived, and its move is refused. */
static void
test_rewritten_and_refused (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_hold (door->fake, MF_FAKE_APPEND);
  mf_fake_fail (door->fake, mf_door_moving (door), MF_REMOTE_ERROR_DENIED, 1);
  mf_edit_rewrite (door->cache, id, "x", NEW_TEXT);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  mf_edit_move (door->cache, id, door->other, "x", 0);
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, door->inbox);
  mf_door_assert_removed (door, "1: 3: 4: 5: 6:", "1: 2:T 3: 4: 5: 6:");
}

/* What it was to replace stays, though its content is not here. */
static void
test_gone_before_it_replaced_another (MfDoor *door, gconstpointer data)
{
  MfMsgId old = mf_door_fill_other (door, WIRE), id = mf_door_find_uid (door, "INBOX", 2);
  MfSpot spot = { .folder = door->other, .place = MF_PLACE_CUR, .base = "x" };
  g_autoptr (GError) error = NULL;

  mf_fake_hold (door->fake, mf_door_moving (door));
  mf_check (mf_cache_rename (door->cache, id, &spot, old, &error), error);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_fake_expunge (door->fake, "INBOX", 2);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_push_at_last (door);
  g_assert_false (mf_cache_message (door->cache, id, &(MfMessage){ 0 }, NULL));
  mf_door_assert_at (door, old, door->other);
  mf_door_assert_server (door, "other", "1:");
}

/* ---- copies of what goes ------------------------------------------------- */

static MfMsgId
copy (MfDoor *door, MfMsgId id, const char *base)
{
  MfSpot spot = { door->other, MF_PLACE_CUR, base, 0, 0 };
  g_auto (MfMessage) made = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_copy (door->cache, id, &spot, &made, &error), error);
  return made.id;
}

static void
test_removed_between_two_copies (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  mf_fake_set_online (door->fake, FALSE);
  MfMsgId first = copy (door, id, "first");
  mf_edit_remove (door->cache, id, "x");
  MfMsgId second = copy (door, first, "second");
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:");
  mf_door_assert_at (door, first, door->other);
  mf_door_assert_at (door, second, door->other);
  mf_door_assert_removed (door, "1: 3: 4: 5:", "1: 2:T 3: 4: 5:");
  mf_door_assert_nothing_pending (door);
}

static void
test_removed_with_its_folder_between_two_copies (MfDoor *door, gconstpointer data)
{
  MfFolderId third = 0;
  g_autoptr (GError) error = NULL;

  mf_fake_create (door->fake, "third");
  mf_fake_fill (door->fake, "third", 1);
  mf_door_stop (door);
  mf_door_start (door);
  third = mf_door_list (door, "third");
  MfMsgId id = mf_door_find_uid (door, "third", 1);
  mf_fake_set_online (door->fake, FALSE);
  MfMsgId first = copy (door, id, "first");
  mf_edit_remove (door->cache, id, "x");
  mf_check (mf_cache_remove_folder (door->cache, third, &error), error);
  MfMsgId second = copy (door, first, "second");
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:");
  mf_door_assert_at (door, first, door->other);
  mf_door_assert_at (door, second, door->other);
}

/* Its content is not here: without the copy there is none. */
static void
test_removed_after_a_refused_copy (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  mf_fake_set_online (door->fake, FALSE);
  copy (door, id, "copy");
  mf_edit_remove (door->cache, id, "x");
  mf_fake_fail (door->fake, MF_FAKE_COPY, MF_REMOTE_ERROR_QUOTA, 1);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, door->inbox);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5:");
  mf_door_assert_server (door, "other", "");
}

/* ---- labels --------------------------------------------------------------- */

static void
test_labels_stay_with_a_new_text (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_auto (MfMessage) message = { 0 };

  mf_door_wait_idle (door, 1);
  mf_fake_set_labels (door->fake, "INBOX", 2, "old");
  mf_door_wait_event (door, "changed 2");
  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_labels (door->cache, id, "new old");
  mf_edit_rewrite (door->cache, id, "x", NEW_TEXT);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1: 3: 4: 5: 6:");
  mf_door_stop (door);
  mf_door_start (door);
  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_cmpstr (message.labels, ==, "new old");
}

#define ADD(path, caps, func)                                                                      \
  g_test_add ("/undone/" path, MfDoor, GUINT_TO_POINTER (caps), mf_door_set_up_known, func,        \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/undone/what is removed while its upload is refused is gone",
                    test_removed_while_its_upload_is_refused);
  mf_door_add_each ("/undone/what is moved while its upload is refused is put where it is to be",
                    test_moved_while_its_upload_is_refused);
  mf_door_add_each ("/undone/what is moved while its copy is refused is copied to where it is to be",
                    test_moved_while_its_copy_is_refused);
  mf_door_add_each ("/undone/the old text comes back under its name",
                    test_the_old_text_has_its_name);
  mf_door_add_each ("/undone/the old text waits for the last that replaces it",
                    test_the_old_text_waits_for_the_last);
  mf_door_add_each ("/undone/the old text does not go with its folder before the new one is there",
                    test_the_old_text_does_not_go_with_its_folder);
  mf_door_add_each ("/undone/a folder is removed after what was rewritten",
                    test_a_folder_is_removed_after_what_was_rewritten);
  ADD ("a move that is refused after another doubles nothing, UIDPLUS",
       MF_DOOR_SYNC | MF_CAP_UIDPLUS, test_moved_on_and_refused);
  ADD ("a move that is refused after another doubles nothing, plain", MF_DOOR_SYNC,
       test_moved_on_and_refused);
  mf_door_add_each ("/undone/a move that is refused does not bring an old text back",
                    test_rewritten_and_refused);
  mf_door_add_each ("/undone/what was to be replaced by what has gone stays",
                    test_gone_before_it_replaced_another);
  ADD ("what is moved on while another client removes its copy goes on", MF_CAP_IDLE,
       test_moved_on_while_its_copy_goes);
  mf_door_add_each ("/undone/what is removed between two copies is copied twice",
                    test_removed_between_two_copies);
  mf_door_add_each ("/undone/what is removed with its folder between two copies is copied twice",
                    test_removed_with_its_folder_between_two_copies);
  mf_door_add_each ("/undone/what is removed after a copy that is refused stays",
                    test_removed_after_a_refused_copy);
  ADD ("labels stay with a new text", MF_DOOR_FULL | MF_CAP_GMAIL, test_labels_stay_with_a_new_text);
  return g_test_run ();
}
