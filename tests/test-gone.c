/* Folders that go while what was changed in them is on its way, or cannot go. */
#include "cache/account.h"
#include "cache/cache.h"

#include <string.h>

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"
#define NEW_TEXT "Subject: mine\n\nNew text\n"

/* ---- one folder ------------------------------------------------------- */

static void
forget_body (MfDoor *door, MfMsgId id)
{
  g_autoptr (GError) error = NULL;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  mf_check (mf_db_begin (door->cache->front, &txn, &error), error);
  mf_check (mf_db_run (door->cache->front, &error, "DELETE FROM body WHERE message = ?", "i", id),
            error);
  mf_check (mf_db_commit (&txn, &error), error);
}

static void
test_written_while_its_folder_goes (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_fill_other (door, WIRE);
  g_autoptr (GError) error = NULL;

  MfDraft *draft = mf_cache_draft_open (door->cache, id, "x", &error);
  g_assert_no_error (error);
  mf_check (mf_draft_truncate (draft, 0, &error), error);
  mf_check (mf_draft_write (draft, 0, NEW_TEXT, strlen (NEW_TEXT), &error), error);
  forget_body (door, id);
  mf_fake_remove (door->fake, "other");
  mf_door_wait_gone (door, door->other);
  mf_check (mf_draft_flush (draft, &error), error);
  mf_draft_close (draft);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  mf_door_assert_text (door, id, NEW_TEXT);
}

/* The answer is on its way when another client removes the folder. */
static void
test_its_folder_goes_before_the_answer (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2), unread = mf_door_find_uid (door, "INBOX", 3);
  gboolean move = (door->caps & MF_CAP_MOVE) != 0;

  mf_fake_hold_answer (door->fake, mf_door_moving (door));
  mf_edit_move (door->cache, id, door->other, "x", 0);
  mf_edit_move (door->cache, unread, door->other, "y", 0);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_fake_remove (door->fake, "other");
  mf_door_wait_gone (door, door->other);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_push_at_last (door);
  if (move)
    {
      mf_door_assert_lost (door, id);
      g_assert_false (mf_cache_message (door->cache, unread, &(MfMessage){ 0 }, NULL));
    }
  else
    {
      mf_door_assert_at (door, id, door->inbox);
      mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5:");
    }
  mf_door_assert_nothing_pending (door);
}

/* What it is moved out of goes, and the move is refused. */
static void
test_its_home_goes_before_a_refusal (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_fill_other (door, WIRE);

  mf_fake_fail (door->fake, mf_door_moving (door), MF_REMOTE_ERROR_REFUSED, 1000);
  mf_fake_hold (door->fake, mf_door_moving (door));
  mf_edit_move (door->cache, id, door->inbox, "x", MF_FLAG_SEEN);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_fake_remove (door->fake, "other");
  mf_door_wait_gone (door, door->other);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  mf_door_assert_text (door, id, TEXT);
}

static void
test_its_home_is_gone (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_fill_other (door, WIRE);

  mf_fake_append (door->fake, "other", "Subject: 2\r\n\r\nx\r\n", 0, NULL);
  mf_door_stop (door);
  mf_door_start (door);
  mf_door_wait_event (door, "added 2");
  MfMsgId unread = mf_door_find_uid (door, "other", 2);
  mf_fake_remove (door->fake, "other");
  mf_edit_flags (door->cache, id, MF_FLAG_SEEN, NULL);
  mf_edit_move (door->cache, id, door->inbox, "x", MF_FLAG_SEEN);
  mf_edit_move (door->cache, unread, door->inbox, "y", 0);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  mf_door_assert_text (door, id, TEXT);
  g_assert_false (mf_cache_message (door->cache, unread, &(MfMessage){ 0 }, NULL));
  mf_door_assert_nothing_pending (door);
}

/* ---- and another ------------------------------------------------------ */

/* Another mailbox with a message, which is listed. */
static MfFolderId
add_third (MfDoor *door)
{
  mf_door_stop (door);
  mf_fake_create (door->fake, "third");
  mf_fake_append (door->fake, "third", WIRE, 0, NULL);
  mf_door_start (door);
  return mf_door_list (door, "third");
}

/* It is not known whether it was moved, and by then there is nothing to be seen of it. */
static void
lose_both (MfDoor *door, MfMsgId id, MfFolderId to)
{
  mf_fake_hold_answer (door->fake, mf_door_moving (door));
  mf_edit_move (door->cache, id, to, "x", MF_FLAG_SEEN);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_fake_set_online (door->fake, FALSE);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_wait_online (door, FALSE);
  mf_fake_remove (door->fake, "third");
  mf_fake_remove (door->fake, "other");
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  mf_door_assert_nothing_pending (door);
}

static void
test_both_go (MfDoor *door, gconstpointer data)
{
  add_third (door);
  lose_both (door, mf_door_fetch_uid (door, "third", 1), door->other);
}

static void
test_both_go_the_other_first (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_fill_other (door, WIRE);

  lose_both (door, id, add_third (door));
}

/* Its answer is on its way meanwhile. */
static void
test_moved_on_into_what_goes (MfDoor *door, gconstpointer data)
{
  MfFolderId third = add_third (door);
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  mf_fake_hold_answer (door->fake, mf_door_moving (door));
  mf_edit_move (door->cache, id, door->other, "x", MF_FLAG_SEEN);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_edit_move (door->cache, id, third, "y", MF_FLAG_SEEN);
  mf_fake_remove (door->fake, "third");
  mf_door_wait_gone (door, third);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, door->other);
  mf_door_assert_server (door, "other", "1:S");
  mf_door_assert_removed (door, "1: 3: 4: 5:", "1: 2:T 3: 4: 5:");
  mf_door_assert_nothing_pending (door);
}

static void
test_uploaded_and_moved_on_into_what_goes (MfDoor *door, gconstpointer data)
{
  MfFolderId third = add_third (door);

  mf_fake_hold_answer (door->fake, MF_FAKE_APPEND);
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  mf_edit_move (door->cache, id, third, "y", 0);
  mf_fake_remove (door->fake, "third");
  mf_door_wait_gone (door, third);
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, door->other);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
}

/* The old text is on its way, and goes with the new one. */
static void
test_rewritten_while_it_is_uploaded (MfDoor *door, gconstpointer data)
{
  add_third (door);
  mf_fake_hold (door->fake, MF_FAKE_APPEND);
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", "Subject: old\n\nOld\n");
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  mf_edit_rewrite (door->cache, id, "mine", TEXT);
  mf_fake_remove (door->fake, "other");
  mf_door_wait_gone (door, door->other);
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  g_autofree char *text = mf_door_read_body (door, id);
  g_assert_cmpstr (text, ==, TEXT);
  mf_door_assert_nothing_pending (door);
}

/* What replaces it there was made before it was known. */
static void
test_replaced_while_it_is_moved (MfDoor *door, gconstpointer data)
{
  MfSpot from = { door->other, MF_PLACE_TMP, "new", 0, 0 };
  MfSpot to = { door->other, MF_PLACE_CUR, "x", 0, 0 };
  MfMsgId id = mf_edit_write (door->cache, &from, TEXT);
  MfFolderId third = add_third (door);
  MfMsgId old = mf_door_find_uid (door, "third", 1);
  g_autoptr (GError) error = NULL;

  mf_fake_hold (door->fake, mf_door_moving (door));
  mf_edit_move (door->cache, old, door->other, "x", 0);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_check (mf_cache_rename (door->cache, id, &to, old, &error), error);
  mf_fake_remove (door->fake, "third");
  mf_fake_remove (door->fake, "other");
  mf_door_wait_gone (door, third);
  mf_door_wait_gone (door, door->other);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  g_assert_false (mf_cache_message (door->cache, old, &(MfMessage){ 0 }, NULL));
}

static void
test_restored_from_what_has_gone (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2), another = mf_door_find_uid (door, "INBOX", 3);
  g_autoptr (GError) error = NULL;

  door->options.expunge = FALSE;
  door->options.delete_guard = 1;
  mf_fake_create (door->fake, "Trash");
  add_third (door);
  mf_fake_hold (door->fake, MF_FAKE_MOVE);
  mf_edit_move (door->cache, id, door->other, "x", 0);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_MOVE, 1));
  mf_edit_remove (door->cache, id, "x");
  mf_edit_remove (door->cache, another, "y");
  mf_fake_remove (door->fake, "other");
  mf_door_wait_gone (door, door->other);
  mf_check (mf_cache_restore (door->cache, &error), error);
  mf_door_assert_at (door, another, door->inbox);
  mf_fake_release (door->fake, MF_FAKE_MOVE);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, door->inbox);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5:");
}

/* ---- folders that come back ------------------------------------------- */

/* Another client has put something there. */
static void
test_not_to_be_replaced (MfDoor *door, gconstpointer data)
{
  MfFolderId third = add_third (door);
  g_autoptr (GError) error = NULL;

  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  mf_check (mf_cache_rename_folder (door->cache, third, MF_FOLDER_ROOT, "other", door->other,
                                    &error),
            error);
  mf_fake_append (door->fake, "other", WIRE, 0, NULL);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_wait_name (door, third, "third");
  mf_door_wait_name (door, door->other, "other");
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_server (door, "third", "1:");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/gone/what is written while its folder goes is kept",
                    test_written_while_its_folder_goes);
  mf_door_add_each ("/gone/what arrives in a folder that has gone is kept",
                    test_its_folder_goes_before_the_answer);
  mf_door_add_each ("/gone/what is not moved out of a folder that has gone is kept",
                    test_its_home_goes_before_a_refusal);
  mf_door_add_each ("/gone/what is moved out of a folder that has gone is kept if it can",
                    test_its_home_is_gone);
  mf_door_add_each ("/gone/what is moved between two folders that go is kept", test_both_go);
  mf_door_add_each ("/gone/what is moved into the first of two folders that go is kept",
                    test_both_go_the_other_first);
  mf_door_add_each ("/gone/what is moved on into a folder that goes stays where it was moved before",
                    test_moved_on_into_what_goes);
  mf_door_add_each ("/gone/what is moved into a folder that goes while it is uploaded is not doubled",
                    test_uploaded_and_moved_on_into_what_goes);
  mf_door_add_each ("/gone/what is rewritten while it is uploaded into a folder that goes is kept",
                    test_rewritten_while_it_is_uploaded);
  mf_door_add_each ("/gone/what was to replace what was moved between two folders that go is kept",
                    test_replaced_while_it_is_moved);
  g_test_add ("/gone/what is held is restored though a folder has gone", MfDoor,
              GUINT_TO_POINTER (MF_DOOR_FULL), mf_door_set_up_known,
              test_restored_from_what_has_gone, mf_door_tear_down);
  mf_door_add_each ("/gone/a folder that cannot be replaced has its name again",
                    test_not_to_be_replaced);
  return g_test_run ();
}
