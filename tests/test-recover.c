/* Changes whose answer was lost, or whose mailbox was made anew meanwhile. */
#include "cache/cache.h"
#include "cache/recover.h"

#include <string.h>

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"
#include "tests/patience.h"

#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"

/* ---- lost answers ----------------------------------------------------- */

static void
test_offline_changes_come_later (MfDoor *door, gconstpointer data)
{
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 1), MF_FLAG_SEEN, NULL);
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 2), door->other, NULL, MF_FLAG_SEEN);
  mf_edit_deliver (door->cache, door->inbox, "mine", TEXT);
  mf_door_stop (door);
  mf_door_start (door);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_removed (door, "1:S 3: 4: 5: 6:", "1:S 2:T 3: 4: 5: 6:");
  mf_door_assert_server (door, "other", "1:S");
  mf_door_assert_body (door, "INBOX", 6, WIRE);
  mf_door_assert_nothing_pending (door);
}

static void
test_lost_answers_double_nothing (MfDoor *door, gconstpointer data)
{
  static const MfFakeOp ops[]
      = { MF_FAKE_STORE, MF_FAKE_COPY, MF_FAKE_MOVE, MF_FAKE_EXPUNGE, MF_FAKE_APPEND };

  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    mf_fake_lose_answer (door->fake, ops[i], 1);
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 2), door->other, NULL, MF_FLAG_SEEN);
  mf_edit_deliver (door->cache, door->inbox, "mine", TEXT);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 1), MF_FLAG_SEEN, NULL);
  mf_edit_remove (door->cache, mf_door_find_uid (door, "INBOX", 4), "x");
  mf_door_push_at_last (door);
  mf_door_assert_removed (door, "1:S 3: 5: 6:", "1:S 2:T 3: 4:T 5: 6:");
  mf_door_assert_server (door, "other", "1:S");
  mf_door_assert_nothing_pending (door);
}

/* It waits to be sent again when it is taken back: what was done has to be undone. */
static void
test_what_may_have_been_done_is_undone (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 1);

  mf_fake_lose_answer (door->fake, MF_FAKE_STORE, 1);
  mf_fake_hold (door->fake, MF_FAKE_STORE);
  mf_edit_flags (door->cache, id, MF_FLAG_FLAGGED, "red");
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_STORE, 1));
  mf_fake_fail_in (door->fake, "INBOX", MF_FAKE_SELECT, MF_REMOTE_ERROR_BUSY, 1000);
  guint selected = mf_fake_count (door->fake, MF_FAKE_SELECT);
  mf_fake_release (door->fake, MF_FAKE_STORE);
  mf_door_wait_count (door, MF_FAKE_SELECT, selected + 3);
  mf_edit_flags (door->cache, id, MF_FLAG_SEEN, NULL);
  mf_fake_forget_failures (door->fake);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1:S 2: 3: 4: 5:");
  mf_door_assert_nothing_pending (door);
}

/* What cannot be compared now may be ours. */
static void
test_lost_answer_and_a_busy_server (MfDoor *door, gconstpointer data)
{
  mf_fake_lose_answer (door->fake, MF_FAKE_APPEND, 1);
  mf_fake_refuse_batches (door->fake, MF_REMOTE_ERROR_BUSY, 1);
  mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
}

/* A server that dies in the middle of a move has put the message there already.  So it has
 * what was not here to be compared, and not what another client has put there. */
static void
test_half_a_move_doubles_nothing (MfDoor *door, gconstpointer data)
{
  MfFakeOp op = mf_door_moving (door);

  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 2)), ==, MF_DOOR_OK);
  mf_fake_hold (door->fake, op);
  mf_fake_fail (door->fake, op, MF_REMOTE_ERROR_OFFLINE, 1);
  mf_fake_set_online (door->fake, FALSE); /* all of them are one command then */
  for (guint32 uid = 2; uid <= 4; uid++)
    mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", uid), door->other, NULL,
                  MF_FLAG_SEEN);
  mf_fake_set_online (door->fake, TRUE);
  g_assert_true (mf_fake_wait_held (door->fake, op, 1));
  mf_fake_append (door->fake, "other", "Subject: 2\r\n\r\nNumber 2\r\n", MF_FLAG_SEEN, NULL);
  mf_fake_append (door->fake, "other", "Subject: 3\r\n\r\nNumber 3\r\n", MF_FLAG_SEEN, NULL);
  mf_fake_append (door->fake, "other", "Subject: 9\r\n\r\nNumber 9\r\n", MF_FLAG_SEEN, NULL);
  for (guint32 uid = 1; uid <= 3; uid++)
    mf_fake_set_date (door->fake, "other", uid, mf_fake_date (door->fake, "INBOX", uid + 1));
  mf_fake_release (door->fake, op);
  mf_door_push_at_last (door);
  mf_door_assert_removed (door, "1: 5:", "1: 2:T 3:T 4:T 5:");
  mf_door_assert_server (door, "other", "1:S 2:S 3:S 4:S");
  mf_door_assert_body (door, "other", 4, "Subject: 4\r\n\r\nNumber 4\r\n");
  mf_door_assert_nothing_pending (door);
}

/* And another loss while it is looked for. */
static void
test_lost_answer_and_another_loss (MfDoor *door, gconstpointer data)
{
  mf_fake_lose_answer (door->fake, MF_FAKE_APPEND, 1);
  mf_fake_fail_in (door->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_OFFLINE, 1);
  mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
}

/* One that we can only put something into: what is still at home has not been moved. */
static void
test_a_move_into_what_cannot_be_opened (MfDoor *door, gconstpointer data)
{
  mf_fake_fail_in (door->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_DENIED, 1000);
  mf_fake_fail (door->fake, MF_FAKE_MOVE, MF_REMOTE_ERROR_OFFLINE, 1);
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 2), door->other, "x", 0);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
}

/* ---- mailboxes made anew ----------------------------------------------- */

static void
test_changes_find_their_message (MfDoor *door, gconstpointer data)
{

  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 3)), ==, MF_DOOR_OK);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 5), MF_FLAG_SEEN, "red");
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 3), door->other, NULL, MF_FLAG_SEEN);
  mf_edit_remove (door->cache, mf_door_find_uid (door, "INBOX", 4), "x");
  mf_edit_deliver (door->cache, door->inbox, "mine", TEXT);
  mf_fake_expunge (door->fake, "INBOX", 1);
  mf_fake_renumber (door->fake, "INBOX"); /* 2, 3, 4, 5 are 1, 2, 3, 4 */
  mf_fake_renumber (door->fake, "other");
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_removed (door, "1: 4:Sred 5:", "1: 2:T 3:T 4:Sred 5:");
  mf_door_assert_server (door, "other", "1:S");
  mf_door_assert_body (door, "other", 1, "Subject: 3\r\n\r\nNumber 3\r\n");
  mf_door_assert_nothing_pending (door);
}

/* Of two that look alike it is not known which one was to go. */
static void
test_removal_of_what_cannot_be_told_removes_nothing (MfDoor *door, gconstpointer data)
{

  mf_fake_append (door->fake, "other", "Subject: 1\r\n\r\nNumber 1\r\n", 0, NULL);
  mf_fake_append (door->fake, "other", "Subject: 2\r\n\r\nNumber 2\r\n", 0, NULL);
  mf_fake_set_date (door->fake, "other", 2, 86460);
  mf_door_stop (door);
  mf_door_start (door);
  mf_door_wait_event (door, "added 2");
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_remove (door->cache, mf_door_find_uid (door, "other", 1), "x");
  mf_fake_renumber (door->fake, "other");
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:");
  mf_door_assert_nothing_pending (door);
}

static void
test_moved_and_not_there_any_more (MfDoor *door, gconstpointer data)
{
  MfMsgId kept = mf_door_find_uid (door, "INBOX", 3), unread = mf_door_find_uid (door, "INBOX", 4);

  g_assert_cmpint (mf_door_want_body (door, kept), ==, MF_DOOR_OK);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_move (door->cache, kept, door->other, NULL, MF_FLAG_SEEN);
  mf_edit_move (door->cache, unread, door->other, NULL, MF_FLAG_SEEN);
  mf_fake_expunge (door->fake, "INBOX", 3);
  mf_fake_expunge (door->fake, "INBOX", 4);
  mf_fake_renumber (door->fake, "INBOX");
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "");
  mf_door_assert_lost (door, kept);
  g_assert_false (mf_cache_message (door->cache, unread, &(MfMessage){ 0 }, NULL));
  mf_door_assert_nothing_pending (door);
}

static void
sync_all (MfDoor *door)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_cache_sync (door->cache, mf_patience_done, patience);
  g_assert_cmpint (mf_patience_code (patience), ==, MF_DOOR_OK);
}

/* The server says yes, and has moved nothing.  Meanwhile a stranger's message has come,
 * of the same date and size. */
static void
test_nothing_to_move_takes_no_stranger (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  gint64 date = mf_fake_date (door->fake, "INBOX", 2);
  MfFakeOp op = mf_door_moving (door);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_hold (door->fake, op);
  mf_edit_move (door->cache, id, door->other, NULL, MF_FLAG_SEEN);
  g_assert_true (mf_fake_wait_held (door->fake, op, 1));
  mf_fake_expunge (door->fake, "INBOX", 2);
  mf_fake_append (door->fake, "other", "Subject: 9\r\n\r\nNumber 9\r\n", 0, NULL);
  mf_fake_set_date (door->fake, "other", 1, date);
  mf_fake_release (door->fake, op);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  sync_all (door);
  g_assert_cmpint (mf_door_find_uid (door, "other", 1), !=, id);
  mf_door_assert_nothing_pending (door);
}

/* What came of a change whose answer was lost is looked for in the new mailbox too. */
static void
test_lost_answer_before_a_new_mailbox (MfDoor *door, gconstpointer data)
{
  static const MfFakeOp ops[] = { MF_FAKE_COPY, MF_FAKE_MOVE, MF_FAKE_APPEND };
  g_auto (MfMessage) message = { 0 };

  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 2)), ==, MF_DOOR_OK);
  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    mf_fake_lose_answer (door->fake, ops[i], 1);
  mf_fake_hold (door->fake, MF_FAKE_SELECT); /* nobody finds out before */
  MfMsgId delivered = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 2), door->other, NULL, MF_FLAG_SEEN);
  mf_door_wait_count (door, MF_FAKE_APPEND, 1);
  mf_fake_renumber (door->fake, "other");
  mf_fake_release (door->fake, MF_FAKE_SELECT);
  mf_door_push_at_last (door);
  mf_door_assert_removed (door, "1: 3: 4: 5:", "1: 2:T 3: 4: 5:");
  mf_door_assert_server (door, "other", "1: 2:S");
  g_assert_true (mf_cache_message_by_base (door->cache, door->other, "mine", &message, NULL));
  g_assert_cmpint (message.id, ==, delivered);
  mf_door_assert_nothing_pending (door);
}

/* While @op is under way both mailboxes are made anew. */
static void
push_into_new_mailboxes (MfDoor *door, MfFakeOp op)
{

  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 2)), ==, MF_DOOR_OK);
  mf_fake_hold (door->fake, op);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 5), MF_FLAG_FLAGGED, NULL);
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 2), door->other, NULL, MF_FLAG_SEEN);
  mf_edit_remove (door->cache, mf_door_find_uid (door, "INBOX", 4), "x");
  mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_assert_true (mf_fake_wait_held (door->fake, op, 1));
  mf_fake_renumber (door->fake, "INBOX");
  mf_fake_renumber (door->fake, "other");
  mf_fake_release (door->fake, op);
  mf_door_push_at_last (door);
  g_autofree char *inbox = mf_fake_messages (door->fake, "INBOX");
  g_autofree char *other = mf_fake_messages (door->fake, "other");
  gboolean marked = strchr (inbox, 'T') != NULL;
  g_assert_cmpint (marked, ==, (door->caps & MF_CAP_UIDPLUS) == 0);
  g_assert_nonnull (strstr (inbox, ":F"));
  g_assert_nonnull (strstr (other, "2:"));
  g_assert_null (strstr (other, "3:"));
  mf_door_assert_nothing_pending (door);
}

static void
test_new_mailboxes_while_pushing (MfDoor *first, gconstpointer data)
{
  const MfFakeOp ops[] = { MF_FAKE_STORE, mf_door_moving (first), MF_FAKE_APPEND };

  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    {
      MfDoor door = { 0 };
      mf_door_set_up_known (&door, data);
      push_into_new_mailboxes (&door, ops[i]);
      mf_door_tear_down (&door, data);
    }
}

/* ---- in the place of another ------------------------------------------- */

/* "other" has one as well, which @id is renamed over. */
static void
rename_over (MfDoor *door, MfMsgId id)
{
  g_autoptr (GError) error = NULL;
  MfSpot spot = { .folder = door->other, .place = MF_PLACE_CUR, .base = "x" };

  mf_check (mf_cache_rename (door->cache, id, &spot, mf_door_find_uid (door, "other", 1), &error),
            error);
}

static void
put_into_other (MfDoor *door, const char *keywords)
{
  mf_fake_append (door->fake, "other", "Subject: b\r\n\r\nNumber b\r\n", 0, keywords);
  mf_door_stop (door);
  mf_door_start (door);
  mf_door_wait_event (door, "added 1");
}

/* What it was to replace is no reason to throw its content away. */
static void
test_gone_before_it_replaced_another (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  put_into_other (door, NULL);
  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_hold (door->fake, mf_door_moving (door));
  rename_over (door, id);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_fake_expunge (door->fake, "INBOX", 2);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
}

static void
test_new_text_gone_before_it_was_moved (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_hold (door->fake, mf_door_moving (door));
  mf_fake_hold (door->fake, MF_FAKE_APPEND);
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  mf_edit_move (door->cache, id, door->other, NULL, MF_FLAG_SEEN);
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_fake_expunge (door->fake, "INBOX", 6);
  mf_fake_release (door->fake, mf_door_moving (door));
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
}

/* Of which the server tells no UIDs: it is found, not what it replaced. */
static void
test_replacing_another_is_found (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_auto (MfMessage) message = { 0 };

  put_into_other (door, NULL);
  rename_over (door, id);
  mf_door_push_at_last (door);
  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_cmpint (message.folder, ==, door->other);
  g_assert_cmpuint (message.uid, ==, 2);
  mf_door_assert_nothing_pending (door);
}

/* Of several fields the server may tell another than the first. */
static void
test_two_message_ids_double_nothing (MfDoor *door, gconstpointer data)
{
  mf_fake_lose_answer (door->fake, MF_FAKE_APPEND, 1);
  mf_edit_deliver (door->cache, door->other, "mine",
                   "Message-ID: <a@a>\nMessage-ID: <b@b>\nSubject: x\n\ntext\n");
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
}

/* With the text of another, which is taken for its original. */
static void
test_rewritten_with_what_was_read_keeps_its_name (MfDoor *door, gconstpointer data)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  put_into_other (door, "red");
  mf_fake_set_date (door->fake, "other", 1, mf_fake_date (door->fake, "INBOX", 2));
  mf_door_stop (door);
  mf_door_start (door);
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2), read = mf_door_find_uid (door, "other", 1);
  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  g_assert_cmpint (mf_door_want_body (door, read), ==, MF_DOOR_OK);
  g_autofree char *text = mf_door_read_body (door, read);
  mf_edit_rewrite (door->cache, id, "x", text);
  mf_door_push_at_last (door);
  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_cmpstr (message.base, ==, "x");
}

/* ---- rewritten meanwhile ------------------------------------------------ */

/* INBOX 2 is away, and in other is its new text alone. */
static void
assert_rewritten (MfDoor *door, MfMsgId id)
{
  g_auto (MfMessage) message = { 0 };

  mf_door_push_at_last (door);
  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_cmpint (message.folder, ==, door->other);
  mf_door_assert_removed (door, "1: 3: 4: 5:", "1: 2:T 3: 4: 5:");
  mf_door_assert_body (door, "other", message.uid, WIRE);
  g_autofree char *other = mf_fake_messages (door->fake, "other");
  g_assert_cmpstr (other, ==, (door->caps & MF_CAP_UIDPLUS) != 0 ? "2:S" : "1:T 2:S");
  mf_door_assert_nothing_pending (door);
}

/* The search for what came of a move is not of the new text, which nobody has sent. */
static void
test_rewritten_before_its_move_is_looked_for (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_recover_grace_ms = 1000;
  mf_fake_lose_answer (door->fake, mf_door_moving (door), 1);
  guint opened = mf_fake_count (door->fake, MF_FAKE_OPEN);
  mf_edit_move (door->cache, id, door->other, "x", MF_FLAG_SEEN);
  mf_door_wait_count (door, MF_FAKE_OPEN, opened + 1);
  g_usleep (200 * 1000); /* it is to be looked for by now */
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  assert_rewritten (door, id);
  mf_recover_grace_ms = 0;
}

static void
test_rewritten_while_its_move_is_looked_for (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_lose_answer (door->fake, mf_door_moving (door), 1);
  mf_fake_hold (door->fake, mf_door_moving (door));
  mf_edit_move (door->cache, id, door->other, "x", MF_FLAG_SEEN);
  g_assert_true (mf_fake_wait_held (door->fake, mf_door_moving (door), 1));
  mf_fake_hold (door->fake, MF_FAKE_SELECT);
  mf_fake_release (door->fake, mf_door_moving (door));
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_SELECT, 1));
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  mf_fake_release (door->fake, MF_FAKE_SELECT);
  assert_rewritten (door, id);
}

/* ---- after a loss ------------------------------------------------------- */

/* What is sent waits for the list, but not for ever. */
static void
test_a_refused_list_holds_up_nothing (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 1), MF_FLAG_SEEN, NULL);
  mf_fake_fail (door->fake, MF_FAKE_LIST, MF_REMOTE_ERROR_REFUSED, 1000);
  mf_fake_set_online (door->fake, TRUE);
  mf_cache_go_online (door->cache);
  mf_door_wait_online (door, TRUE);
  if (mf_cache_want_pushed (door->cache, mf_patience_done, patience))
    mf_patience_wait (patience, 1);
  mf_door_assert_server (door, "INBOX", "1:S 2: 3: 4: 5:");
}

#define ADD(path, caps, func)                                                                      \
  g_test_add ("/recover/" path, MfDoor, GUINT_TO_POINTER (caps), mf_door_set_up_known, func,       \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/recover/changes made offline come later", test_offline_changes_come_later);
  mf_door_add_each ("/recover/lost answers double nothing", test_lost_answers_double_nothing);
  mf_door_add_each ("/recover/what may have been done is undone",
                    test_what_may_have_been_done_is_undone);
  mf_door_add_each ("/recover/a lost answer and a busy server double nothing",
                    test_lost_answer_and_a_busy_server);
  ADD ("a move into what cannot be opened is sent again", MF_DOOR_FULL,
       test_a_move_into_what_cannot_be_opened);
  mf_door_add_each ("/recover/half a move doubles nothing", test_half_a_move_doubles_nothing);
  mf_door_add_each ("/recover/a lost answer and another loss double nothing",
                    test_lost_answer_and_another_loss);
  mf_door_add_each ("/recover/changes find their message in a new mailbox",
                    test_changes_find_their_message);
  mf_door_add_each ("/recover/a removal of what cannot be told removes nothing",
                    test_removal_of_what_cannot_be_told_removes_nothing);
  mf_door_add_each ("/recover/what was moved and is not there any more is kept if it can",
                    test_moved_and_not_there_any_more);
  ADD ("nothing to move takes no stranger, MOVE", MF_DOOR_FULL,
       test_nothing_to_move_takes_no_stranger);
  ADD ("nothing to move takes no stranger, UIDPLUS", MF_DOOR_SYNC | MF_CAP_UIDPLUS,
       test_nothing_to_move_takes_no_stranger);
  mf_door_add_each ("/recover/an answer lost before a new mailbox doubles nothing",
                    test_lost_answer_before_a_new_mailbox);
  mf_door_add_each ("/recover/new mailboxes while pushing lose nothing",
                    test_new_mailboxes_while_pushing);
  mf_door_add_each ("/recover/gone before it replaced another is kept",
                    test_gone_before_it_replaced_another);
  mf_door_add_each ("/recover/a new text gone before it was moved is kept",
                    test_new_text_gone_before_it_was_moved);
  mf_door_add_each ("/recover/what replaces another is found", test_replacing_another_is_found);
  mf_door_add_each ("/recover/two Message-IDs double nothing",
                    test_two_message_ids_double_nothing);
  ADD ("rewritten with what was read keeps its name", MF_DOOR_FULL,
       test_rewritten_with_what_was_read_keeps_its_name);
  mf_door_add_each ("/recover/rewritten before its move is looked for",
                    test_rewritten_before_its_move_is_looked_for);
  mf_door_add_each ("/recover/rewritten while its move is looked for",
                    test_rewritten_while_its_move_is_looked_for);
  ADD ("a refused list holds up nothing", MF_DOOR_FULL, test_a_refused_list_holds_up_nothing);
  return g_test_run ();
}
