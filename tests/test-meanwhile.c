/* What is changed here while something else is on its way, or the server is asked. */
#include "cache/account.h"
#include "cache/cache.h"
#include "cache/journal.h"
#include "cache/messages.h"
#include "cache/pending.h"

#include <string.h>

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"
#include "tests/rig.h"

#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"
#define SECOND "Subject: 2\r\n\r\nNumber 2\r\n"

/* INBOX 2, whose body is here. */
static MfMsgId
second (MfDoor *door)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  return id;
}

static MfMsgId
copy (MfDoor *door, MfMsgId id, const char *base, MfFlags flags)
{
  MfSpot spot = { door->other, MF_PLACE_CUR, base, flags, 0 };
  g_auto (MfMessage) made = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_copy (door->cache, id, &spot, &made, &error), error);
  return made.id;
}

/* ---- copies ------------------------------------------------------------ */

/* What it is a copy of is the old text. */
static void
test_a_copy_is_of_the_text_that_was_copied (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);

  mf_fake_set_online (door->fake, FALSE);
  copy (door, id, "copy", 0);
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_body (door, "other", 1, SECOND);
  mf_door_assert_body (door, "INBOX", 6, WIRE);
  mf_door_assert_removed (door, "1: 3: 4: 5: 6:", "1: 2:T 3: 4: 5: 6:");
  mf_door_assert_nothing_pending (door);
}

/* It is of the old text as well, which goes only then. */
static void
test_a_copy_of_a_copy (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  mf_fake_hold (door->fake, MF_FAKE_APPEND);
  mf_edit_deliver (door->cache, door->other, "busy", "Subject: busy\n\nx\n");
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  MfMsgId first = copy (door, id, "first", 0);
  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  copy (door, first, "second", 0);
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2: 3:");
  mf_door_assert_nothing_pending (door);
}

/* The folder waits for the copy, and the old text for the move into the folder. */
static void
test_a_copy_of_a_copy_before_a_folder (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);
  MfFolderId made = 0;
  g_autoptr (GError) error = NULL;

  mf_fake_set_online (door->fake, FALSE);
  MfMsgId first = copy (door, id, "first", 0);
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  copy (door, first, "second", 0);
  mf_check (mf_cache_make_folder (door->cache, MF_FOLDER_ROOT, "made", &made, &error), error);
  mf_edit_move (door->cache, id, made, "x", 0);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:");
  mf_door_assert_server (door, "made", "1:");
  mf_door_assert_nothing_pending (door);
}

/* It is uploaded, and its flags with it. */
static void
test_a_copy_of_what_has_gone (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);

  mf_fake_hold (door->fake, MF_FAKE_APPEND);
  mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  copy (door, id, "copy", MF_FLAG_FLAGGED);
  mf_fake_expunge (door->fake, "INBOX", 2);
  mf_door_wait_event (door, "removed 2");
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:F");
  mf_door_assert_body (door, "other", 2, SECOND);
  mf_door_assert_nothing_pending (door);
}

/* ---- restored ---------------------------------------------------------- */

/* All that is removed from now on is held, and what was removed offline. */
static void
trip_guard (MfDoor *door)
{
  mf_edit_remove (door->cache, mf_door_find_uid (door, "INBOX", 4), "y");
}

static void
use_guard (MfDoor *door)
{
  mf_door_stop (door);
  door->options.delete_guard = 1;
  mf_door_start (door);
}

/* What the server has of it is removed as well, and is held as the others are. */
static void
test_removed_with_its_new_text (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);
  g_autoptr (GError) error = NULL;

  use_guard (door);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  trip_guard (door);
  mf_edit_remove (door->cache, id, "x");
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5:");
  mf_check (mf_cache_restore (door->cache, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, mf_door_find_uid (door, "INBOX", 2), door->inbox);
  mf_door_assert_nothing_pending (door);
}

static void
test_restored_while_it_is_uploaded (MfDoor *door, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  use_guard (door);
  mf_fake_hold (door->fake, MF_FAKE_APPEND);
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  mf_edit_remove (door->cache, id, "x");
  trip_guard (door);
  mf_check (mf_cache_restore (door->cache, &error), error);
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_at (door, id, door->other);
  mf_door_assert_nothing_pending (door);
}

static void
test_restored_while_it_moves (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);
  g_autoptr (GError) error = NULL;

  use_guard (door);
  mf_fake_hold (door->fake, mf_door_moving (door));
  mf_edit_move (door->cache, id, door->other, "x", 0);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_edit_remove (door->cache, id, "x");
  trip_guard (door);
  mf_check (mf_cache_restore (door->cache, &error), error);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_at (door, id, door->other);
  mf_door_assert_nothing_pending (door);
}

/* What was brought back from the Trash does not go there again. */
static void
test_released_after_it_was_fetched_back (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);
  MfFolderId made = 0;
  g_autoptr (GError) error = NULL;

  mf_fake_create (door->fake, "Trash");
  door->options.expunge = FALSE;
  use_guard (door);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_remove (door->cache, id, "x");
  trip_guard (door);
  mf_check (mf_cache_make_folder (door->cache, MF_FOLDER_ROOT, "made", &made, &error), error);
  mf_edit_move (door->cache, id, made, "x", 0);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "made", "1:");
  mf_check (mf_cache_release (door->cache, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "made", "1:");
  mf_door_assert_server (door, "Trash", "1:");
  mf_door_assert_at (door, id, made);
}

/* ---- being written ------------------------------------------------------ */

/* Of a move by COPY, whose original is seen again. */
static void
test_written_while_its_copy_goes (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);
  g_autoptr (GError) error = NULL;
  MfDraft *draft = mf_cache_draft_open (door->cache, id, "x", &error);

  g_assert_no_error (error);
  mf_check (mf_draft_truncate (draft, 0, &error), error);
  mf_check (mf_draft_write (draft, 0, TEXT, strlen (TEXT), &error), error);
  mf_door_wait_idle (door, 1); /* whose pull would be held as well */
  mf_fake_hold (door->fake, MF_FAKE_FETCH);
  mf_edit_move (door->cache, id, door->other, "x", MF_FLAG_SEEN);
  mf_door_wait_arrival (door, "other");
  mf_fake_expunge (door->fake, "other", 1);
  mf_fake_release (door->fake, MF_FAKE_FETCH);
  mf_door_push_at_last (door);
  mf_check (mf_draft_flush (draft, &error), error);
  mf_draft_close (draft);
  mf_door_push_at_last (door);
  g_autofree char *text = mf_door_read_body (door, id);
  g_assert_cmpstr (text, ==, TEXT);
}

/* ---- mailboxes made anew ------------------------------------------------ */

/* The pull that finds it out is what the upload waits for. */
static void
test_made_anew_before_an_upload (MfDoor *door, gconstpointer data)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  mf_fake_fill (door->fake, "other", 5);
  mf_door_stop (door);
  mf_door_start (door);
  mf_door_wait_event (door, "added 5");
  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  for (guint32 uid = 1; uid < 5; uid++)
    mf_fake_expunge (door->fake, "other", uid);
  mf_fake_renumber (door->fake, "other");
  mf_fake_hold (door->fake, MF_FAKE_SELECT);
  mf_fake_set_online (door->fake, TRUE);
  mf_cache_go_online (door->cache);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_SELECT, 2));
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  mf_door_wait_taken_up (door);
  g_usleep (50 * 1000); /* it waits by now */
  mf_fake_release (door->fake, MF_FAKE_SELECT);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:");
  mf_check (mf_cache_message (door->cache, id, &message, &error), error);
  g_assert_cmpint (message.folder, ==, door->other);
  mf_door_assert_nothing_pending (door);
}

/* INBOX is, and what is in it is compared. */
static void
hold_comparison (MfDoor *door, const char *mailbox)
{
  mf_door_wait_idle (door, 1); /* who looks again once its session is lost */
  mf_fake_hold (door->fake, MF_FAKE_BODIES);
  mf_fake_renumber (door->fake, mailbox);
  mf_fake_cut (door->fake);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_BODIES, 1));
}

static void
test_rewritten_while_it_is_compared (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);

  hold_comparison (door, "INBOX");
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  mf_fake_release (door->fake, MF_FAKE_BODIES);
  mf_door_push_at_last (door);
  mf_door_assert_removed (door, "1: 3: 4: 5: 6:", "1: 2:T 3: 4: 5: 6:");
  mf_door_assert_body (door, "INBOX", 6, WIRE);
  mf_door_assert_nothing_pending (door);
}

/* Of two that look alike it is not known which one was to go. */
static void
test_removed_while_it_is_compared (MfDoor *door, gconstpointer data)
{
  static const char *const bodies[]
      = { "Subject: 1\r\n\r\nNumber 1\r\n", SECOND, "Subject: 3\r\n\r\nNumber 3\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    mf_fake_append (door->fake, "other", bodies[i], 0, NULL);
  mf_fake_set_date (door->fake, "other", 2, mf_fake_date (door->fake, "other", 1));
  mf_door_stop (door);
  mf_door_start (door);
  mf_door_wait_event (door, "added 3");
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "other", 3)), ==, MF_DOOR_OK);
  MfMsgId id = mf_door_find_uid (door, "other", 1);
  hold_comparison (door, "other");
  mf_edit_remove (door->cache, id, "x");
  mf_fake_release (door->fake, MF_FAKE_BODIES);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2: 3:");
  mf_door_assert_nothing_pending (door);
}

/* ---- folders ------------------------------------------------------------ */

/* There are as many as we have removed. */
static void
test_a_removed_folder_has_got_another (MfDoor *door, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  MfMsgId id = second (door);
  mf_edit_move (door->cache, id, door->other, "x", MF_FLAG_SEEN);
  mf_door_push_at_last (door);
  mf_edit_remove (door->cache, id, "x");
  mf_door_push_at_last (door);
  mf_fake_set_online (door->fake, FALSE);
  mf_check (mf_cache_remove_folder (door->cache, door->other, &error), error);
  mf_fake_expunge (door->fake, "other", 1);
  mf_fake_append (door->fake, "other", WIRE, 0, NULL);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  g_assert_true (mf_fake_has_mailbox (door->fake, "other"));
}

/* They would go with it. */
static void
test_a_removed_folder_has_what_is_held (MfDoor *door, gconstpointer data)
{
  MfMsgId ids[2];
  g_autoptr (GError) error = NULL;

  mf_fake_fill (door->fake, "other", 2);
  use_guard (door);
  mf_door_wait_event (door, "added 2");
  for (guint32 i = 0; i < 2; i++)
    ids[i] = mf_door_find_uid (door, "other", i + 1);
  mf_fake_set_online (door->fake, FALSE);
  for (guint32 i = 0; i < 2; i++)
    mf_edit_remove (door->cache, ids[i], "x");
  mf_check (mf_cache_remove_folder (door->cache, door->other, &error), error);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:");
  mf_check (mf_cache_restore (door->cache, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, ids[0], door->other);
}

/* What a move by COPY has left there is ours to remove, and goes with it. */
static void
test_a_folder_is_removed_after_its_messages (MfDoor *door, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_fake_fill (door->fake, "other", 2);
  mf_door_stop (door);
  mf_door_start (door);
  mf_door_wait_event (door, "added 2");
  mf_fake_set_online (door->fake, FALSE);
  for (guint32 uid = 1; uid <= 2; uid++)
    mf_edit_move (door->cache, mf_door_find_uid (door, "other", uid), door->inbox, NULL, 0);
  mf_check (mf_cache_remove_folder (door->cache, door->other, &error), error);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  g_assert_false (mf_fake_has_mailbox (door->fake, "other"));
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5: 6: 7:");
  mf_door_assert_nothing_pending (door);
}

/* Where it was to go before is not for us. */
static void
test_sent_elsewhere_before_a_refusal (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);
  g_autoptr (GError) error = NULL;

  mf_door_stop (door);
  mf_fake_create (door->fake, "third");
  mf_door_start (door);
  mf_fake_fail (door->fake, MF_FAKE_STATUS, MF_REMOTE_ERROR_DENIED, 1);
  mf_fake_hold (door->fake, MF_FAKE_STATUS);
  mf_edit_move (door->cache, id, mf_door_find (door, "third"), "x", MF_FLAG_SEEN);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_STATUS, 1));
  mf_edit_move (door->cache, id, door->other, "x", MF_FLAG_SEEN);
  mf_fake_release (door->fake, MF_FAKE_STATUS);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:S");
  mf_door_assert_nothing_pending (door);
}

/* What is sent is what is marked. */
static void
test_renamed_before_it_is_marked (void)
{
  MfRig rig = { 0 };
  g_autoptr (GError) error = NULL;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  gboolean marked = TRUE;

  mf_rig_init (&rig, 0);
  MfFolderId id = mf_rig_put_folder (&rig, "other");
  mf_check (mf_db_begin (rig.db, &txn, &error), error);
  mf_check (mf_journal_folder (rig.db, MF_CHANGE_RENAME, id, MF_FOLDER_ROOT, "a", &error), error);
  g_autoptr (GArray) seen = mf_pending_list (rig.db, MF_CHANGE_QUEUED, &error);
  mf_check (mf_journal_folder (rig.db, MF_CHANGE_RENAME, id, MF_FOLDER_ROOT, "b", &error), error);
  mf_check (mf_pending_mark_sent (rig.db, &g_array_index (seen, MfChange, 0), 0, NULL, &marked,
                                  &error),
            error);
  g_assert_false (marked);
  mf_check (mf_db_commit (&txn, &error), error);
  mf_rig_clear (&rig);
}

/* Its folder goes while the push worker waits for a pull. */
static void
test_sent_elsewhere_before_its_folder_goes (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  mf_door_stop (door);
  mf_fake_create (door->fake, "third");
  door->options.poll_s = 1;
  mf_door_start (door);
  MfFolderId third = mf_door_list (door, "third");
  mf_fake_hold (door->fake, MF_FAKE_FETCH);
  mf_fake_append (door->fake, "INBOX", SECOND, 0, NULL);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_FETCH, 1));
  mf_edit_move (door->cache, id, third, "x", MF_FLAG_SEEN);
  mf_door_wait_taken_up (door);
  g_usleep (50 * 1000); /* it waits by now */
  mf_edit_move (door->cache, id, door->other, "x", MF_FLAG_SEEN);
  mf_fake_remove (door->fake, "third");
  mf_door_wait_gone (door, third);
  mf_fake_release (door->fake, MF_FAKE_FETCH);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:S");
  mf_door_assert_nothing_pending (door);
}

/* ---- changed before it is settled ---------------------------------------- */

/* The push worker has read the entry, and waits for what is done here. */
static void
begin_before_it_is_settled (MfDoor *door, MfDbTxn *txn)
{
  g_autoptr (GError) error = NULL;

  mf_check (mf_db_begin (door->cache->front, txn, &error), error);
  mf_engine_wake_push (door->cache->engine);
  mf_door_wait_taken_up (door);
  g_usleep (50 * 1000);
}

/* Where it was to go it is already. */
static void
test_sent_elsewhere_before_it_is_settled (MfDoor *door, gconstpointer data)
{
  MfDb *db = door->cache->front;
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  mf_door_wait_idle (door, 1);
  mf_check (mf_db_run (db, &error,
                       "INSERT INTO change (kind, message, folder, made) VALUES (1, ?, ?, 0)", "ii",
                       id, door->inbox),
            error);
  begin_before_it_is_settled (door, &txn);
  mf_check (mf_messages_get (db, id, &message, &error), error);
  mf_check (mf_journal_move (db, &message, door->other, FALSE, &error), error);
  message.folder = door->other;
  mf_check (mf_messages_store_spot (db, &message, &error), error);
  mf_check (mf_db_commit (&txn, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
}

/* Nothing is left that it could be a copy of, but it has got a text of its own. */
static void
test_rewritten_before_it_is_settled (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);
  MfDb *db = door->cache->front;
  g_autoptr (GError) error = NULL;
  g_autoptr (MfBody) body = mf_bodies_get (door->cache->bodies, db, id, &error);
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  mf_door_wait_idle (door, 1);
  mf_check (mf_db_run (db, &error,
                       "UPDATE message SET home = NULL, uid = NULL, folder = ? WHERE id = ?", "ii",
                       door->other, id),
            error);
  mf_check (mf_journal_copy (db, id, 1000000, door->other, &error), error);
  begin_before_it_is_settled (door, &txn);
  mf_check (mf_drafts_write_body (door->cache->drafts, id, body, &error), error);
  mf_check (mf_messages_set_draft (db, id, MF_DRAFT_ONLY, 0, &error), error);
  mf_check (mf_journal_append (db, id, door->other, &error), error);
  mf_check (mf_db_commit (&txn, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, door->other);
  mf_door_assert_server (door, "other", "1:");
}

#define ADD(path, caps, func)                                                                      \
  g_test_add ("/meanwhile/" path, MfDoor, GUINT_TO_POINTER (caps), mf_door_set_up_known, func,     \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/meanwhile/a copy is of the text that was copied",
                    test_a_copy_is_of_the_text_that_was_copied);
  ADD ("a copy of a copy is of the text that was copied", MF_DOOR_FULL, test_a_copy_of_a_copy);
  ADD ("a copy of a copy keeps no folder waiting", MF_DOOR_FULL,
       test_a_copy_of_a_copy_before_a_folder);
  ADD ("what is sent elsewhere does not go with its folder", MF_DOOR_FULL & ~MF_CAP_IDLE,
       test_sent_elsewhere_before_its_folder_goes);
  mf_door_add_each ("/meanwhile/a copy with flags of what has gone is uploaded",
                    test_a_copy_of_what_has_gone);
  mf_door_add_each ("/meanwhile/what is removed with its new text is held",
                    test_removed_with_its_new_text);
  mf_door_add_each ("/meanwhile/what is restored while it is uploaded is seen",
                    test_restored_while_it_is_uploaded);
  mf_door_add_each ("/meanwhile/what is restored while it moves is seen where it goes",
                    test_restored_while_it_moves);
  mf_door_add_each ("/meanwhile/what was fetched back from the Trash is not released into it",
                    test_released_after_it_was_fetched_back);
  ADD ("what is written while another client removes it is kept", MF_CAP_IDLE,
       test_written_while_its_copy_goes);
  ADD ("a folder is not removed with what another client has put there", MF_CAP_IDLE,
       test_a_removed_folder_has_got_another);
  mf_door_add_each ("/meanwhile/a folder is not removed with what is held",
                    test_a_removed_folder_has_what_is_held);
  mf_door_add_each ("/meanwhile/a folder is removed after its messages",
                    test_a_folder_is_removed_after_its_messages);
  mf_door_add_each ("/meanwhile/an upload is found in a mailbox that was made anew before it",
                    test_made_anew_before_an_upload);
  mf_door_add_each ("/meanwhile/what is rewritten while a new mailbox is compared is not doubled",
                    test_rewritten_while_it_is_compared);
  mf_door_add_each ("/meanwhile/what cannot be told is not removed while a new mailbox is compared",
                    test_removed_while_it_is_compared);
  mf_door_add_each ("/meanwhile/a refusal is not of what has been sent elsewhere",
                    test_sent_elsewhere_before_a_refusal);
  ADD ("what is sent elsewhere before it is settled is sent", MF_DOOR_FULL,
       test_sent_elsewhere_before_it_is_settled);
  ADD ("what is rewritten before it is settled is sent", MF_DOOR_FULL,
       test_rewritten_before_it_is_settled);
  g_test_add_func ("/meanwhile/what is marked as sent is what was to be sent",
                   test_renamed_before_it_is_marked);
  return g_test_run ();
}
