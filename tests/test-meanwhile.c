/* What is changed here while something else is on its way, or the server is asked. */
#include "cache/cache.h"

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

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

static void
copy (MfDoor *door, MfMsgId id, MfFlags flags)
{
  MfSpot spot = { door->other, MF_PLACE_CUR, "copy", flags, 0 };
  g_auto (MfMessage) made = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_copy (door->cache, id, &spot, &made, &error), error);
}

/* ---- copies ------------------------------------------------------------ */

/* What it is a copy of is the old text. */
static void
test_a_copy_is_of_the_text_that_was_copied (MfDoor *door, gconstpointer data)
{
  MfMsgId id = second (door);

  mf_fake_set_online (door->fake, FALSE);
  copy (door, id, 0);
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_body (door, "other", 1, SECOND);
  mf_door_assert_body (door, "INBOX", 6, WIRE);
  mf_door_assert_removed (door, "1: 3: 4: 5: 6:", "1: 2:T 3: 4: 5: 6:");
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
  copy (door, id, MF_FLAG_FLAGGED);
  mf_fake_expunge (door->fake, "INBOX", 2);
  mf_door_wait_event (door, "removed 2");
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:F");
  mf_door_assert_body (door, "other", 2, SECOND);
  mf_door_assert_nothing_pending (door);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/meanwhile/a copy is of the text that was copied",
                    test_a_copy_is_of_the_text_that_was_copied);
  mf_door_add_each ("/meanwhile/a copy with flags of what has gone is uploaded",
                    test_a_copy_of_what_has_gone);
  return g_test_run ();
}
