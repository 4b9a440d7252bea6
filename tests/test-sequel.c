/* Changes of what has just been changed: what came of the first must be known well
 * enough for the next one. */
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"

static MfMsgId
upload_with_lost_answer (MfDoor *door)
{
  mf_fake_lose_answer (door->fake, MF_FAKE_APPEND, 1);
  MfMsgId id = mf_edit_deliver (door->cache, door->inbox, "mine", TEXT);
  mf_door_push_at_last (door);
  return id;
}

static void
test_two_lost_answers (MfDoor *door, gconstpointer data)
{
  MfMsgId id = upload_with_lost_answer (door);

  mf_fake_lose_answer (door->fake, mf_door_moving (door), 1);
  mf_edit_move (door->cache, id, door->other, "mine", 0);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_body (door, "other", 1, WIRE);
  mf_door_assert_removed (door, "1: 2: 3: 4: 5:", "1: 2: 3: 4: 5: 6:T");
  mf_door_assert_nothing_pending (door);
}

static void
test_a_lost_answer_and_a_new_mailbox (MfDoor *door, gconstpointer data)
{
  MfMsgId id = upload_with_lost_answer (door);

  mf_fake_set_online (door->fake, FALSE);
  mf_edit_flags (door->cache, id, MF_FLAG_FLAGGED, NULL);
  mf_fake_renumber (door->fake, "INBOX");
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5: 6:F");
  mf_door_assert_nothing_pending (door);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/sequel/two lost answers double nothing", test_two_lost_answers);
  mf_door_add_each ("/sequel/a lost answer and a new mailbox lose nothing",
                    test_a_lost_answer_and_a_new_mailbox);
  return g_test_run ();
}
