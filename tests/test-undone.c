/* Changes that come to nothing, and what is to be left of them: the server has refused
 * them, or has lost what they are about. */
#include "cache/cache.h"

#include <string.h>

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"
#define NEW_TEXT "Subject: mine\n\nNew text\n"

static void
assert_text (MfDoor *door, MfMsgId id, const char *expected)
{
  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  g_autofree char *text = mf_door_read_body (door, id);
  g_assert_cmpstr (text, ==, expected);
}

/* ---- the old text comes back -------------------------------------------- */

static void
test_the_old_text_has_its_name (MfDoor *door, gconstpointer data)
{
  g_auto (MfMessage) old = { 0 };
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);

  mf_door_push_at_last (door);
  mf_fake_fail (door->fake, MF_FAKE_APPEND, MF_REMOTE_ERROR_DENIED, 1);
  mf_edit_rewrite (door->cache, id, "mine", NEW_TEXT);
  mf_door_push_at_last (door);
  mf_door_assert_lost (door, id);
  assert_text (door, id, NEW_TEXT);
  g_assert_true (mf_cache_message_by_base (door->cache, door->other, "mine", &old, NULL));
  assert_text (door, old.id, TEXT);
}

#define ADD(path, caps, func)                                                                      \
  g_test_add ("/undone/" path, MfDoor, GUINT_TO_POINTER (caps), mf_door_set_up_known, func,        \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/undone/the old text comes back under its name",
                    test_the_old_text_has_its_name);
  return g_test_run ();
}
