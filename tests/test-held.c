/* Removals that the guard holds, and what is changed until they are restored or released. */
#include "cache/cache.h"

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"

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
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);
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

/* What it got before counts again. */
static void
test_restored_with_its_flags (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_autoptr (GError) error = NULL;

  use_guard (door);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_flags (door->cache, id, MF_FLAG_FLAGGED, "work");
  mf_edit_remove (door->cache, id, "x");
  trip_guard (door);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5:");
  mf_check (mf_cache_restore (door->cache, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1: 2:Fwork 3: 4: 5:");
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
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);
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
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/held/what is removed with its new text is held",
                    test_removed_with_its_new_text);
  mf_door_add_each ("/held/what is restored has the flags that it was given",
                    test_restored_with_its_flags);
  mf_door_add_each ("/held/what is restored while it is uploaded is seen",
                    test_restored_while_it_is_uploaded);
  mf_door_add_each ("/held/what is restored while it moves is seen where it goes",
                    test_restored_while_it_moves);
  mf_door_add_each ("/held/what was fetched back from the Trash is not released into it",
                    test_released_after_it_was_fetched_back);
  mf_door_add_each ("/held/a folder is not removed with what is held",
                    test_a_removed_folder_has_what_is_held);
  return g_test_run ();
}
