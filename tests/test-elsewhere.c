/* Another client gives a folder another name while changes wait for it, and nobody has
 * listed the folders since. */
#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"

static void
rename_by_another (MfDoor *door, const char *mailbox, const char *to)
{
  g_autoptr (GError) error = NULL;
  MfRemote *another = mf_fake_ops.open (mf_fake_account (door->fake), NULL, &error);

  mf_check (mf_fake_ops.rename (another, mailbox, to, NULL, &error), error);
  mf_fake_ops.close (another);
}

/* One that is in "other", here and on the server. */
static MfMsgId
fill_other (MfDoor *door)
{
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);

  mf_door_push_at_last (door);
  return id;
}

static void
test_moved_out_of_it (MfDoor *door, gconstpointer data)
{
  MfMsgId id = fill_other (door);

  rename_by_another (door, "other", "elsewhere");
  mf_edit_move (door->cache, id, door->inbox, "mine", MF_FLAG_FLAGGED);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5: 6:F");
  mf_door_assert_body (door, "INBOX", 6, WIRE);
  mf_door_assert_server (door, "elsewhere", (door->caps & MF_CAP_UIDPLUS) != 0 ? "" : "1:T");
  mf_door_assert_nothing_pending (door);
}

static void
test_moved_into_it (MfDoor *door, gconstpointer data)
{
  rename_by_another (door, "other", "elsewhere");
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 2), door->other, "two", MF_FLAG_FLAGGED);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "elsewhere", "1:F");
  mf_door_assert_removed (door, "1: 3: 4: 5:", "1: 2:T 3: 4: 5:");
  mf_door_assert_nothing_pending (door);
}

static void
test_uploaded_into_it (MfDoor *door, gconstpointer data)
{
  rename_by_another (door, "other", "elsewhere");
  mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "elsewhere", "1:");
  mf_door_assert_body (door, "elsewhere", 1, WIRE);
  mf_door_assert_nothing_pending (door);
}

/* It has gone: what was moved is kept. */
static void
test_moved_out_of_what_has_gone (MfDoor *door, gconstpointer data)
{
  MfMsgId id = fill_other (door);

  mf_fake_remove (door->fake, "other");
  mf_edit_move (door->cache, id, door->inbox, "mine", 0);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  mf_door_assert_nothing_pending (door);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/elsewhere/what is moved out of it is moved", test_moved_out_of_it);
  mf_door_add_each ("/elsewhere/what is moved into it is moved", test_moved_into_it);
  mf_door_add_each ("/elsewhere/what is uploaded into it is uploaded", test_uploaded_into_it);
  mf_door_add_each ("/elsewhere/what is moved out of what has gone is kept",
                    test_moved_out_of_what_has_gone);
  return g_test_run ();
}
