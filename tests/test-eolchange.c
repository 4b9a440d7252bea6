#include "cache/eolchange.h"

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

/* The server has one of them no more when it is told. */
static void
test_what_is_unsent_is_kept (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2), kept = mf_door_find_uid (door, "INBOX", 3);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  g_assert_cmpint (mf_door_want_body (door, kept), ==, MF_DOOR_OK);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_move (door->cache, id, door->other, "x", 0);
  mf_edit_move (door->cache, kept, door->other, "y", 0);
  mf_door_stop (door);
  mf_fake_expunge (door->fake, "INBOX", 2);
  mf_fake_set_online (door->fake, TRUE);
  door->options.crlf = TRUE;
  mf_door_start (door);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  g_autofree char *text = mf_door_read_body (door, id);
  g_assert_cmpstr (text, ==, "Subject: 2\n\nNumber 2\n");
  mf_door_wait_event (door, "size 1");
  g_autofree char *sent = mf_door_read_body (door, kept);
  g_assert_cmpstr (sent, ==, "Subject: 3\r\n\r\nNumber 3\r\n");
  mf_door_assert_server (door, "other", "1:");
}

/* A copy's date is its original's; a file's may still be set. */
static void
test_a_pending_copy_is_sent_as_the_file_it_is (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  MfSpot spot = { door->other, MF_PLACE_CUR, "copy", 0, 0 };
  g_auto (MfMessage) copy = { 0 };
  GError *error = NULL;

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_set_online (door->fake, FALSE);
  mf_check (mf_cache_copy (door->cache, id, &spot, &copy, &error), error);
  mf_door_stop (door);
  door->options.crlf = TRUE;
  mf_door_start (door);
  mf_check (mf_cache_set_date (door->cache, copy.id, 1000000000, &error), error);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  g_assert_cmpint (mf_fake_date (door->fake, "other", 1), ==, 1000000000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/eolchange/what is unsent is kept", test_what_is_unsent_is_kept);
  mf_door_add_each ("/eolchange/a pending copy is sent as the file it is",
                    test_a_pending_copy_is_sent_as_the_file_it_is);
  return g_test_run ();
}
