/* What the server is still at when the session that it came by has died. */
#include "cache/cache.h"
#include "cache/recover.h"

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"

/* When the push worker loses a session that has been of use, it opens the next at once. */
static void
use_session (MfDoor *door)
{
  mf_edit_flags (door->cache, mf_door_find_uid (door, "INBOX", 5), MF_FLAG_FLAGGED, NULL);
  mf_door_push_at_last (door);
}

/* It is there, and has had the time to ask what it is not to ask yet. */
static void
wait_for_next_session (MfDoor *door, guint opened)
{
  mf_door_wait_count (door, MF_FAKE_OPEN, opened + 1);
  g_usleep (100 * 1000);
}

/* The session dies, and the server stores the message only then. */
static void
test_what_is_under_way_is_waited_for (MfDoor *door, gconstpointer data)
{
  g_auto (MfMessage) message = { 0 };

  mf_edit_deliver (door->cache, door->other, "one", "Subject: one\n\n1\n");
  mf_door_push_at_last (door);
  mf_recover_grace_ms = 1000;
  guint opened = mf_fake_count (door->fake, MF_FAKE_OPEN);
  mf_fake_fail (door->fake, MF_FAKE_APPEND, MF_REMOTE_ERROR_OFFLINE, 1);
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "two", "Subject: two\n\n2\n");
  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  wait_for_next_session (door, opened);
  mf_fake_append (door->fake, "other", "Subject: two\r\n\r\n2\r\n", 0, NULL);
  mf_fake_set_date (door->fake, "other", 2, message.internaldate);
  mf_door_push_at_last (door);
  mf_recover_grace_ms = 0;
  mf_door_assert_server (door, "other", "1: 2:");
  mf_door_assert_nothing_pending (door);
}

/* What the server does late must not undo what is said in the next session. */
static void
test_a_late_flag_does_not_win (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 1);

  use_session (door);
  mf_recover_grace_ms = 1000;
  guint opened = mf_fake_count (door->fake, MF_FAKE_OPEN);
  mf_fake_fail (door->fake, MF_FAKE_STORE, MF_REMOTE_ERROR_OFFLINE, 1);
  mf_edit_flags (door->cache, id, MF_FLAG_SEEN, NULL);
  mf_door_wait_count (door, MF_FAKE_STORE, 2);
  mf_edit_flags (door->cache, id, 0, NULL);
  wait_for_next_session (door, opened);
  mf_fake_set_flags (door->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  mf_door_push_at_last (door);
  mf_recover_grace_ms = 0;
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5:F");
  mf_door_assert_nothing_pending (door);
}

static void
test_a_late_removal_takes_no_new_folder (MfDoor *door, gconstpointer data)
{
  MfFolderId made = 0;
  g_autoptr (GError) error = NULL;

  use_session (door);
  mf_recover_grace_ms = 1000;
  guint opened = mf_fake_count (door->fake, MF_FAKE_OPEN);
  mf_fake_fail (door->fake, MF_FAKE_DELETE, MF_REMOTE_ERROR_OFFLINE, 1);
  mf_check (mf_cache_remove_folder (door->cache, door->other, &error), error);
  mf_door_wait_count (door, MF_FAKE_DELETE, 1);
  mf_check (mf_cache_make_folder (door->cache, MF_FOLDER_ROOT, "other", &made, &error), error);
  mf_edit_deliver (door->cache, made, "mine", TEXT);
  wait_for_next_session (door, opened);
  mf_fake_remove (door->fake, "other");
  mf_door_push_at_last (door);
  mf_recover_grace_ms = 0;
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
}

/* With one session for all, nobody else waits meanwhile. */
static void
test_who_reads_does_not_wait_for_it (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 3);

  mf_door_stop (door);
  mf_recover_grace_ms = 2000;
  door->options.connections = 1;
  mf_door_start (door);
  guint opened = mf_fake_count (door->fake, MF_FAKE_OPEN);
  mf_fake_lose_answer (door->fake, MF_FAKE_APPEND, 1);
  mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  mf_door_wait_count (door, MF_FAKE_OPEN, opened + 1);
  gint64 opened_us = g_get_monotonic_time ();
  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  g_assert_cmpint (g_get_monotonic_time () - opened_us, <, 1500 * 1000);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
  mf_door_stop (door);
  mf_recover_grace_ms = 0;
  mf_door_start (door);
}

#define ADD(path, func)                                                                            \
  g_test_add ("/late/" path, MfDoor, GUINT_TO_POINTER (MF_DOOR_FULL), mf_door_set_up_known, func,  \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("what the server is still at is waited for", test_what_is_under_way_is_waited_for);
  ADD ("a flag that is stored late does not win", test_a_late_flag_does_not_win);
  ADD ("a folder that is removed late is not the one made since",
       test_a_late_removal_takes_no_new_folder);
  ADD ("who reads does not wait for that", test_who_reads_does_not_wait_for_it);
  return g_test_run ();
}
