/* Folders that are removed together, and one of them stays. */
#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

static MfFolderId
child (MfDoor *door, MfFolderId parent, const char *name)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_folder_child (door->cache, parent, name, &folder, &error), error);
  return folder.id;
}

static void
add_below (MfDoor *door)
{
  mf_door_stop (door);
  mf_fake_create (door->fake, "other/below");
  mf_door_start (door);
  mf_door_want_folder (door, child (door, door->other, "below"));
}

static void
remove_both (MfDoor *door)
{
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_remove_folder (door->cache, child (door, door->other, "below"), &error), error);
  mf_check (mf_cache_remove_folder (door->cache, door->other, &error), error);
}

static void
test_both_go (MfDoor *door, gconstpointer data)
{
  add_below (door);
  remove_both (door);
  mf_door_push_at_last (door);
  g_assert_false (mf_fake_has_mailbox (door->fake, "other/below"));
  g_assert_false (mf_fake_has_mailbox (door->fake, "other"));
  mf_door_assert_nothing_pending (door);
}

/* So the one above it cannot go either. */
static void
test_somebody_fills_the_one_below (MfDoor *door, gconstpointer data)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  add_below (door);
  mf_fake_set_online (door->fake, FALSE);
  remove_both (door);
  mf_fake_append (door->fake, "other/below", "Subject: new\r\n\r\nNew\r\n", 0, NULL);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other/below", "1:");
  MfFolderId below = child (door, mf_door_find (door, "other"), "below");
  mf_door_stop (door);
  mf_door_start (door);
  g_assert_cmpint (child (door, mf_door_find (door, "other"), "below"), ==, below);
  mf_door_wait_event (door, "added 1");
  mf_check (mf_cache_message_by_uid (door->cache, below, 1, &message, &error), error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/below/both go", test_both_go);
  mf_door_add_each ("/below/somebody fills the one below", test_somebody_fills_the_one_below);
  return g_test_run ();
}
