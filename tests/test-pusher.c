/* Changes made here, through the door, and what becomes of them on the server. */
#include "cache/cache.h"

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"

/* ---- messages --------------------------------------------------------- */

static void
test_flags (MfDoor *door, gconstpointer data)
{
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 2), MF_FLAG_SEEN | MF_FLAG_FLAGGED,
                 "red");
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 3), MF_FLAG_SEEN, NULL);
  g_assert_cmpint (mf_door_push (door), ==, MF_DOOR_OK);
  mf_door_assert_server (door, "INBOX", "1: 2:FSred 3:S 4: 5:");
  mf_door_assert_nothing_pending (door);
}

/* Another client was quicker than who has just looked. */
static void
test_flags_that_nobody_has_seen_stay (MfDoor *door, gconstpointer data)
{
  static const MfFlags had = MF_FLAG_SEEN | MF_FLAG_DRAFT;
  g_auto (MfMessage) seen = { 0 };
  g_auto (MfMessage) copy = { 0 };
  g_autoptr (GError) error = NULL;

  mf_fake_set_flags (door->fake, "INBOX", 2, had, "red old");
  mf_door_wait_event (door, "changed 2");
  mf_check (mf_cache_message (door->cache, mf_door_find_uid (door, "INBOX", 2), &seen, &error),
            error);
  mf_fake_set_flags (door->fake, "INBOX", 2, had | MF_FLAG_FLAGGED, "green old red");
  mf_door_wait_event (door, "changed 2");

  mf_check (mf_cache_set_flags (door->cache, &seen, had | MF_FLAG_ANSWERED, "blue red", &error),
            error);
  MfSpot spot = { door->inbox, MF_PLACE_CUR, NULL, MF_FLAG_SEEN, had };
  mf_check (mf_cache_rename (door->cache, seen.id, &spot, 0, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1: 2:FRSblue green red 3: 4: 5:");

  spot.folder = door->other;
  spot.base = "copy";
  mf_check (mf_cache_copy (door->cache, seen.id, &spot, &copy, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:FRSblue green red");
}

static void
test_many_flags_are_few_commands (MfDoor *door, gconstpointer data)
{
  mf_door_stop (door);
  mf_fake_create (door->fake, "many");
  mf_fake_fill (door->fake, "many", 500);
  mf_door_start (door);
  mf_door_list (door, "many");
  for (guint32 uid = 1; uid <= 500; uid++)
    mf_edit_flags (door->cache, mf_door_find_uid (door, "many", uid), MF_FLAG_SEEN, NULL);
  g_assert_cmpint (mf_door_push (door), ==, MF_DOOR_OK);
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_STORE), <, 50);
}

/* Else a script that is faster than the line would have a command for each round trip. */
static void
test_changes_while_sending_wait_for_quiet (MfDoor *door, gconstpointer data)
{
  mf_fake_hold (door->fake, MF_FAKE_STORE);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 1), MF_FLAG_SEEN, NULL);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_STORE, 1));
  gint64 before_us = g_get_monotonic_time ();
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 2), MF_FLAG_SEEN, NULL);
  mf_fake_release (door->fake, MF_FAKE_STORE);
  mf_door_wait_count (door, MF_FAKE_STORE, 2);
  g_assert_cmpint (g_get_monotonic_time () - before_us, >=, 50 * 1000);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1:S 2:S 3: 4: 5:");
}

static void
test_move (MfDoor *door, gconstpointer data)
{
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 2), door->other, NULL, MF_FLAG_SEEN);
  mf_door_push_at_last (door);
  mf_door_assert_removed (door, "1: 3: 4: 5:", "1: 2:T 3: 4: 5:");
  mf_door_assert_server (door, "other", "1:S");
  mf_door_assert_body (door, "other", 1, "Subject: 2\r\n\r\nNumber 2\r\n");
  mf_door_assert_nothing_pending (door);
}

static void
test_remove (MfDoor *door, gconstpointer data)
{

  mf_edit_remove (door->cache, mf_door_find_uid (door, "INBOX", 4), "x");
  mf_door_push_at_last (door);
  mf_door_assert_removed (door, "1: 2: 3: 5:", "1: 2: 3: 4:T 5:");
  mf_door_assert_nothing_pending (door);
}

static void
test_delivery (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_auto (MfMessage) message = { 0 };

  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_body (door, "other", 1, WIRE);
  mf_door_assert_nothing_pending (door);
  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_cmpstr (message.base, ==, "mine");
}

static gboolean
is_there (MfDoor *door, const char *mailbox, const char *expected)
{
  g_autofree char *messages = mf_fake_messages (door->fake, mailbox);

  return g_str_equal (messages, expected);
}

/* As cp does: what was read is written under a name of its own. */
static MfDraft *
write_copy (MfDoor *door, MfMsgId *out_id)
{
  static const char text[] = "Subject: 2\n\nNumber 2\n";
  MfSpot spot = { door->other, MF_PLACE_CUR, "copy", MF_FLAG_SEEN, 0 };
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_auto (MfMessage) copy = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_body_close (mf_cache_body_open (door->cache, id, &error));
  mf_check (mf_cache_create (door->cache, &spot, &copy, &error), error);
  *out_id = copy.id;
  return mf_edit_begin_rewrite (door->cache, copy.id, NULL, text);
}

/* It is closed when the worker may have been at it already. */
static void
test_a_copy_waits_until_it_is_closed (MfDoor *door, gconstpointer data)
{
  g_auto (MfMessage) after = { 0 };
  MfMsgId id = 0;
  MfDraft *draft = write_copy (door, &id);

  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 1), MF_FLAG_SEEN, NULL);
  mf_check_soon (is_there (door, "INBOX", "1:S 2: 3: 4: 5:"));
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_COPY), ==, 0);
  mf_draft_close (draft);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:S");
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_COPY), ==, 1);
  g_assert_true (mf_cache_message_by_base (door->cache, door->other, "copy", &after, NULL));
  g_assert_cmpint (after.id, ==, id);
  mf_door_assert_nothing_pending (door);
}

static void
test_order_is_kept (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);

  mf_edit_flags (door->cache, id, MF_FLAG_SEEN, NULL);
  mf_edit_move (door->cache, id, door->inbox, NULL, MF_FLAG_SEEN);
  mf_edit_flags (door->cache, id, MF_FLAG_SEEN | MF_FLAG_FLAGGED, "red");
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "");
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5: 6:FSred");
  mf_door_assert_nothing_pending (door);
}

/* It goes on before the original of its copy has gone, which waits for it to arrive. */
static void
test_moved_on_before_the_original_is_gone (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_hold (door->fake, MF_FAKE_STORE);
  mf_edit_move (door->cache, id, door->other, NULL, 0);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_STORE, 1));
  mf_fake_cut (door->fake);
  mf_edit_move (door->cache, id, door->inbox, NULL, 0);
  mf_fake_release (door->fake, MF_FAKE_STORE);
  mf_door_push_at_last (door);
  mf_door_assert_removed (door, "1: 3: 4: 5: 6:", "1: 2:T 3: 4: 5: 6:");
  mf_door_assert_server (door, "other", (door->caps & MF_CAP_UIDPLUS) != 0 ? "" : "1:T");
  mf_door_assert_nothing_pending (door);
}

/* ---- folders ---------------------------------------------------------- */

static void
test_folders (MfDoor *door, gconstpointer data)
{
  MfFolderId made = 0;
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_make_folder (door->cache, MF_FOLDER_ROOT, "Entwürfe", &made, &error), error);
  mf_edit_deliver (door->cache, made, "mine", TEXT);
  mf_door_push_at_last (door);
  mf_door_assert_body (door, "Entw&APw-rfe", 1, WIRE);
  mf_check (mf_cache_rename_folder (door->cache, made, door->other, "sub", 0, &error), error);
  mf_door_push_at_last (door);
  g_assert_false (mf_fake_has_mailbox (door->fake, "Entw&APw-rfe"));
  mf_door_assert_body (door, "other/sub", 1, WIRE);
  g_assert_false (mf_cache_remove_folder (door->cache, made, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_EMPTY);
  mf_door_assert_nothing_pending (door);
}

/* ---- what cannot be sent ----------------------------------------------- */

static void
test_waiting_for_an_open_file_ends (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_autoptr (GError) error = NULL;
  MfDraft *draft = mf_cache_draft_open (door->cache, id, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (mf_door_push (door), ==, MF_CACHE_ERROR_BUSY);
  mf_door_assert_server (door, "other", "");
  mf_draft_close (draft);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
}

/* Nor does the old text, which stays until the new one is there. */
static void
test_a_writer_keeps_no_other_waiting (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  MfMsgId another = mf_door_find_uid (door, "INBOX", 1);

  mf_door_push_at_last (door);
  MfDraft *draft = mf_edit_begin_rewrite (door->cache, id, NULL, TEXT "More\n");
  mf_edit_flags (door->cache, another, MF_FLAG_SEEN, NULL);
  g_assert_cmpint (mf_door_push_own (door, another), ==, MF_DOOR_OK);
  mf_door_assert_server (door, "INBOX", "1:S 2: 3: 4: 5:");
  g_assert_cmpint (mf_door_push_own (door, another), ==, MF_DOOR_OK);
  g_assert_cmpint (mf_door_push_own (door, id), ==, MF_CACHE_ERROR_BUSY);
  g_assert_cmpint (mf_door_push (door), ==, MF_CACHE_ERROR_BUSY);
  mf_door_assert_server (door, "other", "1:");
  mf_draft_close (draft);
  g_assert_cmpint (mf_door_push_own (door, id), ==, MF_DOOR_OK);
  mf_door_assert_server (door, "other", "2:");
  mf_door_assert_nothing_pending (door);
}

/* Nor does what has to come after a copy that is open. */
static void
test_an_open_copy_keeps_no_other_waiting (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2), another = mf_door_find_uid (door, "INBOX", 1);
  MfSpot spot = { door->other, MF_PLACE_CUR, "copy", 0, 0 };
  g_auto (MfMessage) made = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  mf_check (mf_cache_copy (door->cache, id, &spot, &made, &error), error);
  MfDraft *draft = mf_cache_draft_open (door->cache, made.id, NULL, &error);
  g_assert_no_error (error);
  mf_edit_flags (door->cache, id, MF_FLAG_SEEN, NULL);
  mf_edit_remove (door->cache, id, "x");
  mf_edit_flags (door->cache, another, MF_FLAG_SEEN, NULL);
  mf_fake_set_online (door->fake, TRUE);
  mf_cache_go_online (door->cache);
  mf_door_wait_online (door, TRUE);
  g_assert_cmpint (mf_door_push_own (door, another), ==, MF_DOOR_OK);
  mf_door_assert_server (door, "INBOX", "1:S 2: 3: 4: 5:");
  mf_draft_close (draft);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_removed (door, "1:S 3: 4: 5:", "1:S 2:T 3: 4: 5:");
  mf_door_assert_nothing_pending (door);
}

static void
test_waiting_for_a_closed_mailbox_ends (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);

  mf_door_push_at_last (door);
  mf_fake_renumber (door->fake, "other");
  mf_fake_fail_in (door->fake, "other", MF_FAKE_FETCH, MF_REMOTE_ERROR_DENIED, 1000);
  mf_edit_flags (door->cache, id, MF_FLAG_SEEN, NULL);
  for (int n = 0; n < 3; n++)
    g_assert_cmpint (mf_door_push (door), ==, MF_CACHE_ERROR_DENIED);
  mf_fake_forget_failures (door->fake);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:S");
  mf_door_assert_nothing_pending (door);
}

/* The server wants something to be done about the account before. */
static void
test_rewritten_while_its_upload_is_put_off (MfDoor *door, gconstpointer data)
{
  mf_fake_hold (door->fake, MF_FAKE_APPEND);
  mf_fake_fail (door->fake, MF_FAKE_APPEND, MF_REMOTE_ERROR_AUTH, 1);
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", "Subject: old\n\nOld\n");
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  mf_edit_rewrite (door->cache, id, "mine", TEXT);
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_body (door, "other", 1, WIRE);
  mf_door_assert_nothing_pending (door);
}

/* ---- mailboxes that may not be looked into ----------------------------- */

static void
deliver_unseen (MfDoor *door, guint failed)
{
  g_auto (MfStatus) status = { 0 };

  mf_fake_fail_in (door->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_DENIED, 1000);
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  mf_door_push_at_last (door);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 1), MF_FLAG_SEEN, NULL);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1:S 2: 3: 4: 5:");
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_lost (door, id);
  mf_cache_status (door->cache, &status);
  g_assert_cmpuint (status.pending, ==, 0);
  g_assert_cmpuint (status.failed, ==, failed);
}

static void
test_unseen_holds_up_nothing (MfDoor *door, gconstpointer data)
{
  deliver_unseen (door, 0);
}

static void
test_unseen_is_not_doubled (MfDoor *door, gconstpointer data)
{
  mf_fake_lose_answer (door->fake, MF_FAKE_APPEND, 1);
  deliver_unseen (door, 1);
}

static void
test_unseen_copy_is_not_uploaded (MfDoor *door, gconstpointer data)
{
  MfMsgId id = 0;

  mf_fake_lose_answer (door->fake, MF_FAKE_COPY, 1);
  mf_fake_fail_in (door->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_DENIED, 1000);
  mf_draft_close (write_copy (door, &id));
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_lost (door, id);
}

#define ADD(path, caps, func)                                                                      \
  g_test_add ("/pusher/" path, MfDoor, GUINT_TO_POINTER (caps), mf_door_set_up_known, func,        \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/pusher/flags reach the server", test_flags);
  ADD ("flags that nobody has seen stay", MF_DOOR_FULL, test_flags_that_nobody_has_seen_stay);
  ADD ("many flags are few commands", MF_DOOR_FULL, test_many_flags_are_few_commands);
  ADD ("changes while sending wait for a quiet time", MF_DOOR_FULL,
       test_changes_while_sending_wait_for_quiet);
  mf_door_add_each ("/pusher/a move reaches the server", test_move);
  mf_door_add_each ("/pusher/a removal reaches the server", test_remove);
  mf_door_add_each ("/pusher/a delivery reaches the server", test_delivery);
  mf_door_add_each ("/pusher/what is rewritten while its upload is put off is sent once",
                    test_rewritten_while_its_upload_is_put_off);
  mf_door_add_each ("/pusher/a copy that is open keeps no other message waiting",
                    test_an_open_copy_keeps_no_other_waiting);
  mf_door_add_each ("/pusher/a copy waits until it is closed",
                    test_a_copy_waits_until_it_is_closed);
  mf_door_add_each ("/pusher/changes of one message keep their order", test_order_is_kept);
  mf_door_add_each ("/pusher/folders are made and renamed", test_folders);
  ADD ("waiting for an open file ends", MF_DOOR_FULL, test_waiting_for_an_open_file_ends);
  ADD ("a writer keeps no other waiting", MF_DOOR_FULL, test_a_writer_keeps_no_other_waiting);
  ADD ("waiting for a mailbox that may not be listed ends", MF_DOOR_FULL,
       test_waiting_for_a_closed_mailbox_ends);
  ADD ("a delivery into what may not be looked into holds up nothing", MF_CAP_IDLE,
       test_unseen_holds_up_nothing);
  ADD ("a lost answer of what may not be looked into doubles nothing", MF_DOOR_FULL,
       test_unseen_is_not_doubled);
  ADD ("a copy into what may not be looked into is not uploaded besides", MF_DOOR_FULL,
       test_unseen_copy_is_not_uploaded);
  ADD ("moved on before the original is gone, UIDPLUS", MF_DOOR_SYNC | MF_CAP_UIDPLUS,
       test_moved_on_before_the_original_is_gone);
  ADD ("moved on before the original is gone, plain", MF_DOOR_SYNC,
       test_moved_on_before_the_original_is_gone);
  return g_test_run ();
}
