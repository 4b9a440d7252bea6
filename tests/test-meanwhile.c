/* What is changed here while something else is on its way, or the server is asked. */
#include "cache/cache.h"

#include <string.h>

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"
#define SECOND "Subject: 2\r\n\r\nNumber 2\r\n"

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
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);

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
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);
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
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);

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

/* ---- being written ------------------------------------------------------ */

/* Of a move by COPY, whose original is seen again. */
static void
test_written_while_its_copy_goes (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);
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
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);

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

  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);
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
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);
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
  ADD ("what is written while another client removes it is kept", MF_CAP_IDLE,
       test_written_while_its_copy_goes);
  ADD ("a folder is not removed with what another client has put there", MF_CAP_IDLE,
       test_a_removed_folder_has_got_another);
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
  return g_test_run ();
}
