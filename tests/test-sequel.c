/* Changes of what has just been changed: what came of the first must be known well
 * enough for the next one. */
#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"
#include "tests/patience.h"
#include "tests/rig.h"

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

static MfMsgId
copy (MfDoor *door, MfMsgId id, const char *base, MfFlags flags)
{
  MfSpot spot = { door->other, MF_PLACE_CUR, base, flags, 0 };
  g_auto (MfMessage) made = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_copy (door->cache, id, &spot, &made, &error), error);
  return made.id;
}

/* It is made of what the first was made of. */
static void
test_flags_of_a_copy_of_a_copy (MfDoor *door, gconstpointer data)
{
  mf_fake_set_online (door->fake, FALSE);
  MfMsgId first = copy (door, mf_door_find_uid (door, "INBOX", 2), "first", MF_FLAG_FLAGGED);
  copy (door, first, "second", MF_FLAG_FLAGGED);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:F 2:F");
  mf_door_assert_nothing_pending (door);
}

/* ---- what a copy is made of changes, and goes --------------------------- */

static void
test_flags_of_what_is_removed (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  mf_fake_set_online (door->fake, FALSE);
  mf_edit_flags (door->cache, id, MF_FLAG_FLAGGED, "red");
  copy (door, id, "copy", MF_FLAG_FLAGGED);
  mf_edit_remove (door->cache, id, "x");
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:Fred");
  mf_door_assert_removed (door, "1: 3: 4: 5:", "1: 2:FTred 3: 4: 5:");
  mf_door_assert_nothing_pending (door);
}

static void
test_flags_of_what_is_rewritten (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_flags (door->cache, id, MF_FLAG_FLAGGED, "red");
  copy (door, id, "copy", MF_FLAG_FLAGGED);
  mf_edit_flags (door->cache, id, MF_FLAG_SEEN, NULL);
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:Fred");
  mf_door_assert_removed (door, "1: 3: 4: 5: 6:S", "1: 2:FTred 3: 4: 5: 6:S");
  mf_door_assert_nothing_pending (door);
}

/* It is moved as well, so it goes to lost+found. */
static void
test_a_copy_of_what_is_lost (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);

  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_fake_hold (door->fake, MF_FAKE_APPEND);
  mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_APPEND, 1));
  copy (door, id, "copy", MF_FLAG_FLAGGED);
  mf_edit_move (door->cache, id, door->other, "moved", 0);
  mf_fake_expunge (door->fake, "INBOX", 2);
  mf_door_wait_event (door, "changed 2");
  mf_door_assert_lost (door, id);
  mf_fake_release (door->fake, MF_FAKE_APPEND);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:F");
  mf_door_assert_nothing_pending (door);
}

/* ---- a mailbox that was made anew ---------------------------------------- */

/* Nothing but its UID tells it from the one that is there already. */
static void
test_moved_into_a_new_mailbox (MfDoor *door, gconstpointer data)
{
  mf_fake_append (door->fake, "other", "Subject: x\r\n\r\nNumber x\r\n", 0, NULL);
  mf_door_stop (door);
  mf_door_start (door);
  mf_door_wait_event (door, "added 1");
  mf_fake_set_online (door->fake, FALSE);
  mf_edit_move (door->cache, mf_door_find_uid (door, "INBOX", 1), door->other, "one", MF_FLAG_FLAGGED);
  mf_door_stop (door);
  mf_door_start (door);
  mf_fake_hold (door->fake, MF_FAKE_MOVE);
  mf_fake_set_online (door->fake, TRUE);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_MOVE, 1));
  mf_fake_renumber (door->fake, "other");
  mf_fake_release (door->fake, MF_FAKE_MOVE);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1: 2:F");
  mf_door_assert_nothing_pending (door);
}

static void
refresh (MfDoor *door)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_cache_sync (door->cache, mf_patience_done, patience);
  g_assert_cmpint (mf_patience_code (patience), ==, MF_DOOR_OK);
}

/* ---- a new text ----------------------------------------------------------- */

static char *
get_emailid (MfDoor *door, MfMsgId id, MfFolderId folder)
{
  g_auto (MfMessage) message = { 0 };

  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_cmpint (message.folder, ==, folder);
  return g_strdup (message.emailid);
}

/* It is known by an id that is not that of the old one. */
static void
test_a_new_text_has_its_own_ids (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_autofree char *old = get_emailid (door, id, door->inbox);

  g_assert_nonnull (old);
  g_assert_cmpint (mf_door_want_body (door, id), ==, MF_DOOR_OK);
  mf_edit_rewrite (door->cache, id, "x", TEXT);
  mf_door_push_at_last (door);
  mf_fake_lose_answer (door->fake, MF_FAKE_MOVE, 1);
  mf_edit_move (door->cache, id, door->other, "x", 0);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
  mf_door_assert_nothing_pending (door);
  refresh (door);
  g_autofree char *new = get_emailid (door, id, door->other);
  g_assert_nonnull (new);
  g_assert_cmpstr (new, !=, old);
}

/* Where removals are not numbered, only how many messages there are tells of one. */
static void
test_an_upload_that_another_client_removes (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);

  mf_door_push_at_last (door);
  refresh (door);
  mf_fake_expunge (door->fake, "other", 1);
  refresh (door);
  g_assert_false (mf_cache_message (door->cache, id, &(MfMessage){ 0 }, NULL));
}

/* As servers do that store something else than they are given. */
static void
test_an_upload_that_the_server_changed (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_edit_deliver (door->cache, door->other, "mine", TEXT);
  g_auto (MfMessage) message = { 0 };

  mf_door_push_at_last (door);
  mf_fake_claim_size (door->fake, "other", 1, 1000);
  mf_fake_set_date (door->fake, "other", 1, 1000000000);
  refresh (door);
  mf_fake_lose_answer (door->fake, mf_door_moving (door), 1);
  mf_edit_move (door->cache, id, door->inbox, "mine", 0);
  mf_door_push_at_last (door);
  g_assert_true (mf_cache_message (door->cache, id, &message, NULL));
  g_assert_cmpint (message.folder, ==, door->inbox);
  g_assert_cmpint (message.internaldate, ==, 1000000000);
  mf_door_assert_server (door, "INBOX", "1: 2: 3: 4: 5: 6:");
  mf_door_assert_server (door, "other", (door->caps & MF_CAP_UIDPLUS) != 0 ? "" : "1:T");
  mf_door_assert_nothing_pending (door);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_door_add_each ("/sequel/two lost answers double nothing", test_two_lost_answers);
  mf_door_add_each ("/sequel/a lost answer and a new mailbox lose nothing",
                    test_a_lost_answer_and_a_new_mailbox);
  mf_door_add_each ("/sequel/a copy of a copy has its flags", test_flags_of_a_copy_of_a_copy);
  mf_door_add_each ("/sequel/a copy has the flags of what is removed then",
                    test_flags_of_what_is_removed);
  mf_door_add_each ("/sequel/a copy has the flags of what is rewritten then",
                    test_flags_of_what_is_rewritten);
  mf_door_add_each ("/sequel/a copy of what is lost is made", test_a_copy_of_what_is_lost);
  g_test_add ("/sequel/moved into a new mailbox it is no other", MfDoor,
              GUINT_TO_POINTER (MF_DOOR_FULL), mf_door_set_up_known, test_moved_into_a_new_mailbox,
              mf_door_tear_down);
  mf_door_add_each ("/sequel/an upload that the server has changed is found",
                    test_an_upload_that_the_server_changed);
  for (guint i = 0; i < MF_RIG_N_STEPS; i++)
    {
      g_autofree char *path
          = g_strconcat ("/sequel/an upload that another client removes goes, ", mf_rig_steps[i].name, NULL);
      g_test_add (path, MfDoor, GUINT_TO_POINTER (mf_rig_steps[i].caps), mf_door_set_up_known,
                  test_an_upload_that_another_client_removes, mf_door_tear_down);
    }
  g_test_add ("/sequel/a new text has its own ids", MfDoor,
              GUINT_TO_POINTER (MF_DOOR_FULL | MF_CAP_OBJECTID), mf_door_set_up_known,
              test_a_new_text_has_its_own_ids, mf_door_tear_down);
  return g_test_run ();
}
