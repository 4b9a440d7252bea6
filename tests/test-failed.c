/* Changes that the server refuses, or does not make though it says yes: what is told, and
 * what they leave behind. */
#include "cache/cache.h"

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"

static void
test_over_quota_is_told (MfDoor *door, gconstpointer data)
{
  mf_fake_set_quota (door->fake, 1);
  mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_assert_cmpint (mf_door_push (door), ==, MF_CACHE_ERROR_QUOTA);
  mf_door_assert_server (door, "other", "");
}

/* Until the server has taken it in another way. */
static void
test_a_refused_copy_is_no_failure (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  g_autofree char *text = mf_door_read_body (door, id);
  mf_fake_fail (door->fake, MF_FAKE_COPY, MF_REMOTE_ERROR_DENIED, 1);
  MfMsgId made = mf_edit_deliver (door->cache, door->other, "copy", text);
  g_assert_cmpint (mf_door_push_own (door, made), ==, MF_DOOR_OK);
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_COPY), ==, 1);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
}

static void
assert_named (MfDoor *door, MfMsgId id, MfFolderId folder, const char *base)
{
  g_auto (MfMessage) message = { 0 };

  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_cmpint (message.folder, ==, folder);
  g_assert_cmpint (message.place, <, MF_PLACE_TMP);
  g_assert_cmpstr (message.base, ==, base);
}

static void
refuse_changes (MfDoor *door)
{
  static const MfFakeOp ops[] = { MF_FAKE_STORE, MF_FAKE_COPY, MF_FAKE_MOVE };

  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    mf_fake_fail (door->fake, ops[i], MF_REMOTE_ERROR_DENIED, 1000);
}

/* Whoever was told that it was not renamed finds it as it was: one that has a name of its
 * own, and one that has not. */
static void
test_what_is_refused_has_its_old_name (MfDoor *door, gconstpointer data)
{
  MfMsgId mine = mf_edit_deliver (door->cache, door->inbox, "mine", TEXT);
  MfMsgId plain = mf_door_find_uid (door, "INBOX", 2);
  const MfFolderId targets[] = { door->inbox, door->other };

  mf_door_push_at_last (door);
  refuse_changes (door);
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      mf_edit_move (door->cache, mine, targets[i], "x", MF_FLAG_SEEN);
      mf_edit_move (door->cache, plain, targets[i], "y", MF_FLAG_SEEN);
      mf_door_push_at_last (door);
      assert_named (door, mine, door->inbox, "mine");
      assert_named (door, plain, door->inbox, NULL);
    }
  mf_edit_remove (door->cache, mine, "mine");
  mf_door_push_at_last (door);
  assert_named (door, mine, door->inbox, "mine");
}

/* A name that came after the refused flag was refused by nobody; one that is taken by now
 * is taken. */
static void
test_a_later_name_stays (MfDoor *door, gconstpointer data)
{
  MfMsgId mine = mf_edit_deliver (door->cache, door->inbox, "mine", TEXT);
  MfMsgId plain = mf_door_find_uid (door, "INBOX", 2);

  mf_door_push_at_last (door);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_move (door->cache, mine, door->inbox, "x", MF_FLAG_SEEN);
  mf_edit_move (door->cache, plain, door->inbox, "y", MF_FLAG_SEEN);
  mf_edit_move (door->cache, plain, door->inbox, "z", MF_FLAG_SEEN);
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 3), door->inbox, "mine", 0);
  refuse_changes (door);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  assert_named (door, mine, door->inbox, "mine_1");
  assert_named (door, plain, door->inbox, "z");
}

/* Which of them it was nobody knows: each is tried alone. */
static void
test_a_batch_that_cannot_be_written (MfDoor *door, gconstpointer data)
{
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_deliver (door->cache, door->other, "one", TEXT);
  mf_edit_deliver (door->cache, door->other, "two", "Subject: another\n\nText\n");
  mf_fake_fail (door->fake, MF_FAKE_APPEND, MF_REMOTE_ERROR_INVALID, 1);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:");
  mf_door_assert_nothing_pending (door);
}

static void
test_a_change_that_cannot_be_written (MfDoor *door, gconstpointer data)
{
  g_auto (MfStatus) status = { 0 };

  mf_fake_set_online (door->fake, FALSE);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 2), MF_FLAG_SEEN, "red");
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 3), MF_FLAG_FLAGGED, NULL);
  mf_fake_fail (door->fake, MF_FAKE_STORE, MF_REMOTE_ERROR_INVALID, 1);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1: 2: 3:F 4: 5:");
  mf_cache_status (door->cache, &status);
  g_assert_cmpuint (status.pending, ==, 0);
  g_assert_cmpuint (status.failed, ==, 1);
  g_assert_true (status.online);
}

/* The server answers yes, and does nothing. */
static void
test_what_the_server_keeps_as_it_is (MfDoor *door, gconstpointer data)
{
  g_auto (MfStatus) status = { 0 };
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  mf_door_stop (door);
  mf_fake_set_fixed (door->fake, "INBOX", MF_FLAGS_ALL & ~MF_FLAG_SEEN);
  mf_door_start (door);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 1), MF_FLAG_SEEN, NULL);
  mf_door_push_at_last (door);
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 2), MF_FLAG_SEEN | MF_FLAG_FLAGGED,
                 NULL);
  mf_door_push_at_last (door);
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 3), door->other, NULL, MF_FLAG_SEEN);
  mf_door_push_at_last (door);
  mf_edit_remove (door->cache, mf_door_find_uid (door, "INBOX", 4), "x");
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1:S 2:S 3:S 4: 5:");
  mf_door_assert_server (door, "other", "");
  mf_cache_status (door->cache, &status);
  g_assert_cmpuint (status.failed, ==, 3);
  g_assert_cmpint (mf_door_find_uid (door, "INBOX", 3), !=, 0);
  mf_check (mf_cache_message (door->cache, mf_door_find_uid (door, "INBOX", 4), &message, &error),
            error);
  g_assert_cmpint (message.place, !=, MF_PLACE_GONE);
}

static void
assert_labels (MfDoor *door, MfMsgId id, const char *expected)
{
  g_auto (MfMessage) message = { 0 };

  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_cmpstr (message.labels, ==, expected);
}

static void
test_labels_are_tried_again (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_autoptr (GError) error = NULL;

  mf_edit_labels (door->cache, id, "new");
  mf_door_push_at_last (door);
  mf_fake_fail (door->fake, MF_FAKE_STORE, MF_REMOTE_ERROR_REFUSED, 1);
  mf_edit_labels (door->cache, id, "\"to do\" new");
  mf_door_push_at_last (door);
  assert_labels (door, id, "new");
  mf_check (mf_cache_retry (door->cache, &error), error);
  mf_door_push_at_last (door);
  assert_labels (door, id, "\"to do\" new");
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_STORE), ==, 3);
  mf_door_assert_nothing_pending (door);
}

#define ADD(path, caps, func)                                                                      \
  g_test_add ("/failed/" path, MfDoor, GUINT_TO_POINTER (caps), mf_door_set_up_known, func,        \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a refusal for lack of room is told", MF_DOOR_FULL, test_over_quota_is_told);
  mf_door_add_each ("/failed/who waits for a copy that is uploaded instead is told that it is done",
                    test_a_refused_copy_is_no_failure);
  mf_door_add_each ("/failed/what is refused has its old name",
                    test_what_is_refused_has_its_old_name);
  ADD ("a later name than that of a refused change stays", MF_DOOR_FULL, test_a_later_name_stays);
  ADD ("of a batch that cannot be written each is tried alone", MF_DOOR_FULL | MF_CAP_MULTIAPPEND,
       test_a_batch_that_cannot_be_written);
  ADD ("a change that cannot be written is refused and keeps no other back", MF_DOOR_FULL,
       test_a_change_that_cannot_be_written);
  ADD ("what the server keeps as it is is told", MF_DOOR_FULL, test_what_the_server_keeps_as_it_is);
  ADD ("refused labels are tried again", MF_DOOR_FULL | MF_CAP_GMAIL, test_labels_are_tried_again);
  return g_test_run ();
}
