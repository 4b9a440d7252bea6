/* Without announcements, IDLE in the folders used last. */
#include <string.h>

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"

#define N_FOLDERS 4

/* Each with as many messages that the next one has another UID. */
static const char *const names[N_FOLDERS] = { "INBOX", "one", "two", "three" };

/* @data: how many sessions there may be. */
static void
set_up (MfDoor *door, gconstpointer data)
{
  mf_door_init (door, MF_DOOR_FULL);
  door->options.connections = GPOINTER_TO_UINT (data);
  for (guint i = 0; i < N_FOLDERS; i++)
    {
      if (i > 0)
        mf_fake_create (door->fake, names[i]);
      mf_fake_fill (door->fake, names[i], 10 * i + 1);
    }
  mf_door_start (door);
  g_assert_true (mf_door_is_online (door));
}

static void
assert_watched (MfDoor *door, guint i)
{
  guint32 uid = mf_fake_append (door->fake, names[i], "Subject: new\r\n\r\n", 0, NULL);
  g_autofree char *words = g_strdup_printf ("added %u", uid);

  mf_door_wait_event (door, words);
}

static void
test_used_last (MfDoor *door, gconstpointer data)
{
  mf_door_list (door, names[1]);
  mf_door_wait_idle (door, 2);
  assert_watched (door, 1);
  mf_door_list (door, names[0]);
  mf_door_list (door, names[2]);
  assert_watched (door, 2);
  assert_watched (door, 0);
  g_assert_cmpuint (mf_fake_n_sessions (door->fake), <=, 3);
}

static void
test_all_in_use (MfDoor *door, gconstpointer data)
{
  for (guint i = 1; i < N_FOLDERS; i++)
    mf_door_list (door, names[i]);
  mf_door_wait_idle (door, N_FOLDERS);
  for (guint i = 1; i < N_FOLDERS; i++)
    assert_watched (door, i);
  g_assert_cmpuint (mf_fake_n_sessions (door->fake), ==, GPOINTER_TO_UINT (data));
}

/* The worker's session knows of the change already, and will not be told. */
static void
test_lent_in_the_same_folder (MfDoor *door, gconstpointer data)
{
  mf_door_list (door, names[1]);
  mf_door_list (door, names[2]);
  mf_door_wait_idle (door, 2);
  mf_fake_set_flags (door->fake, names[1], 1, MF_FLAG_SEEN, NULL);
  mf_edit_flags (door->cache, mf_door_find_uid (door, names[1], 2), MF_FLAG_FLAGGED, NULL);
  mf_door_wait_count (door, MF_FAKE_STORE, 1);
  mf_door_list (door, names[1]);
  mf_door_wait_event (door, "changed 1");
}

/* The server allows those of the workers alone. */
static void
test_too_many (MfDoor *door, gconstpointer data)
{
  mf_door_wait_idle (door, 1);
  mf_check_soon (mf_fake_n_sessions (door->fake) >= 4);
  g_free (mf_event_log_take (door->log));
  mf_fake_fail (door->fake, MF_FAKE_OPEN, MF_REMOTE_ERROR_BUSY, 1);
  for (guint i = 1; i < N_FOLDERS; i++)
    mf_door_list (door, names[i]);
  mf_door_wait_idle (door, 3);
  g_assert_cmpuint (mf_fake_n_sessions (door->fake), ==, 4);
  g_assert_true (mf_door_is_online (door));
  g_autofree char *news = mf_event_log_take (door->log);
  g_assert_null (strstr (news, "state"));
}

static void
test_lost (MfDoor *door, gconstpointer data)
{
  mf_door_list (door, names[1]);
  mf_door_list (door, names[2]);
  mf_door_wait_idle (door, 3);
  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  mf_fake_append (door->fake, names[1], "Subject: meanwhile\r\n\r\n", 0, NULL);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_wait_online (door, TRUE);
  mf_door_wait_idle (door, 3);
  assert_watched (door, 1);
  assert_watched (door, 2);
}

static void
test_unwanted (MfDoor *door, gconstpointer data)
{
  mf_door_list (door, names[1]);
  mf_door_list (door, names[2]);
  mf_door_wait_idle (door, 3);
  mf_cache_go_offline (door->cache);
  mf_check_soon (mf_fake_n_sessions (door->fake) == 0);
  mf_cache_go_online (door->cache);
  mf_door_wait_idle (door, 3);
  assert_watched (door, 1);
  assert_watched (door, 2);
}

static void
test_announced (MfDoor *door, gconstpointer data)
{
  mf_door_wait_idle (door, 1);
  mf_fake_set_caps (door->fake, MF_DOOR_FULL | MF_CAP_NOTIFY);
  mf_door_list (door, names[1]);
  mf_door_list (door, names[2]);
  mf_door_wait_idle (door, 3);
  mf_fake_cut (door->fake);
  mf_door_wait_count (door, MF_FAKE_ANNOUNCE, 1);
  mf_door_wait_idle (door, 1);
  assert_watched (door, 1);
  mf_check_soon (mf_fake_n_sessions (door->fake) <= 4);
}

#define ADD(path, sessions, func) \
  g_test_add ("/lookouts/" path, MfDoor, GUINT_TO_POINTER (sessions), set_up, func, \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("the folder used last is watched, and no other, with one session", 3, test_used_last);
  ADD ("workers lend theirs, and the rest are own ones", 5, test_all_in_use);
  ADD ("what was there before a worker lent its session is seen", 3, test_lent_in_the_same_folder);
  ADD ("a session that is too many is no end", 5, test_too_many);
  ADD ("after a loss they are back", 6, test_lost);
  ADD ("by the user's wish there is no session", 6, test_unwanted);
  ADD ("where the server announces changes they are not needed", 6, test_announced);
  return g_test_run ();
}
