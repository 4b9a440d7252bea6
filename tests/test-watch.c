/* What other clients do is seen, and a server that was away is back. */
#include "cache/account.h"
#include "cache/cache.h"

#include <string.h>

#include "tests/door.h"
#include "tests/edits.h"
#include "tests/patience.h"

/* INBOX is known, and the watch waits in it. */
static void
start_watching (MfDoor *door, guint n)
{
  mf_fake_fill (door->fake, "INBOX", n);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  mf_door_wait_idle (door, 1);
}

static void
test_offline_answers_at_once (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  start_watching (door, 3);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 1)), ==, MF_DOOR_OK);
  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  g_assert_true (mf_cache_want_body (door->cache, mf_door_find_uid (door, "INBOX", 2),
                                     mf_patience_done, patience));
  g_assert_cmpuint (mf_patience_calls (patience), ==, 1);
  g_assert_cmpint (mf_patience_code (patience), ==, MF_CACHE_ERROR_OFFLINE);
  g_assert_true (
      mf_cache_want_folder (door->cache, mf_door_find (door, "other"), mf_patience_done, patience));
  g_assert_cmpuint (mf_patience_calls (patience), ==, 2);
  g_free (mf_door_read_body (door, mf_door_find_uid (door, "INBOX", 1)));
}

static void
test_what_changed_meanwhile_is_told (MfDoor *door, gconstpointer data)
{
  start_watching (door, 3);
  mf_door_list (door, "other");
  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  mf_fake_fill (door->fake, "INBOX", 1);
  mf_fake_expunge (door->fake, "INBOX", 2);
  mf_fake_append (door->fake, "other", "Subject: x\r\n\r\n", 0, NULL);
  mf_fake_set_online (door->fake, TRUE);
  mf_door_wait_online (door, TRUE);
  mf_door_wait_event (door, "added 4");
  mf_door_wait_event (door, "removed 2");
  mf_door_wait_event (door, "added 1");
}

/* The front session dies; the watch notices nothing. */
typedef struct
{
  guint n_dead; /* of the front's sessions, one after the other */
  guint n_busy; /* logins that are refused after it */
} Loss;

static void
test_front_comes_back (MfDoor *door, gconstpointer data)
{
  const Loss *loss = data;

  start_watching (door, 3);
  mf_fake_fail_in (door->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_OFFLINE, loss->n_dead);
  if (loss->n_busy > 0)
    mf_fake_fail (door->fake, MF_FAKE_OPEN, MF_REMOTE_ERROR_BUSY, loss->n_busy);
  g_assert_cmpint (mf_door_want_folder (door, mf_door_find (door, "other")), ==,
                   MF_CACHE_ERROR_OFFLINE);
  mf_door_wait_online (door, TRUE);
  mf_door_list (door, "other");
}

static void
test_watch_does_not_spin_offline (MfDoor *door, gconstpointer data)
{
  start_watching (door, 1);
  mf_fake_fail_in (door->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_OFFLINE, 2);
  mf_door_want_folder (door, mf_door_find (door, "other"));
  mf_door_wait_online (door, TRUE);
  mf_door_wait_idle (door, 1);
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_IDLE), <, 10);
}

/* It lets us in, but no more, or not into IDLE. */
typedef struct
{
  MfFakeOp op;
  MfRemoteError code; /* of two in a row */
  gint64 least_us;    /* until the third */
} Rest;

static void
test_watch_rests (MfDoor *door, gconstpointer data)
{
  const Rest *rest = data;
  gint64 start_us;

  start_watching (door, 1);
  mf_fake_fail (door->fake, rest->op, rest->code, 2);
  mf_fake_reset_counts (door->fake);
  start_us = g_get_monotonic_time ();
  mf_fake_cut (door->fake);
  mf_door_wait_count (door, rest->op, 3);
  g_assert_cmpint (g_get_monotonic_time () - start_us, >, rest->least_us);
  g_assert_true (mf_door_is_online (door));
}

/* Another client may have renamed what it is to go to. */
static void
test_nothing_is_sent_before_the_listing (MfDoor *door, gconstpointer data)
{
  start_watching (door, 1);
  MfFolderId inbox = mf_door_find (door, "INBOX");

  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  mf_edit_deliver (door->cache, inbox, "mine", "Subject: mine\n\nText\n");
  mf_fake_hold (door->fake, MF_FAKE_LIST);
  mf_fake_reset_counts (door->fake);
  mf_fake_set_online (door->fake, TRUE);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_LIST, 1));
  g_assert_true (mf_door_is_online (door));
  g_usleep (200 * 1000);
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_APPEND), ==, 0);
  mf_fake_release (door->fake, MF_FAKE_LIST);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "INBOX", "1: 2:");
}

/* The watch has come into INBOX when a reader had listed it, and had begun to when none had. */
static void
test_what_came_between_listing_and_watching (MfDoor *door, gconstpointer data)
{
  mf_fake_fill (door->fake, "INBOX", 1);
  mf_fake_hold_one (door->fake, MF_FAKE_SELECT);
  mf_door_start (door);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_SELECT, 1));
  mf_door_list (door, "INBOX");
  mf_fake_fill (door->fake, "INBOX", 1);
  mf_fake_release (door->fake, MF_FAKE_SELECT);
  mf_door_wait_event (door, "added 2");
}

/* ---- news ------------------------------------------------------------- */

static void
test_inbox_is_watched (MfDoor *door, gconstpointer data)
{
  start_watching (door, 3);
  mf_fake_append (door->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
  mf_door_wait_event (door, "added 4");
  mf_fake_set_flags (door->fake, "INBOX", 4, MF_FLAG_SEEN, NULL);
  mf_door_wait_event (door, "changed 4");
  mf_fake_expunge (door->fake, "INBOX", 1);
  mf_door_wait_event (door, "removed 1");
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 4)), ==, MF_DOOR_OK);
}

/* The watch began before anybody had listed INBOX. */
static void
test_inbox_listed_later_is_watched (MfDoor *door, gconstpointer data)
{
  mf_door_start (door);
  mf_door_wait_idle (door, 1);
  mf_door_list (door, "INBOX");
  mf_fake_append (door->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
  mf_door_wait_event (door, "added 1");
}

/* Mail that comes while another worker is at INBOX. */
static void
test_change_during_a_listing_is_seen (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_fake_fill (door->fake, "INBOX", 3);
  mf_door_start (door);
  mf_door_wait_idle (door, 1);
  mf_fake_hold (door->fake, MF_FAKE_FETCH);
  g_assert_true (
      mf_cache_want_folder (door->cache, mf_door_find (door, "INBOX"), mf_patience_done, patience));
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_FETCH, 1));
  mf_fake_set_flags (door->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  mf_fake_release (door->fake, MF_FAKE_FETCH);
  mf_patience_wait (patience, 1);
  mf_fake_set_flags (door->fake, "INBOX", 2, MF_FLAG_SEEN, NULL);
  mf_door_wait_event (door, "changed 2");
}

/* Long before the end of the back-off. */
static void
test_network_that_is_back (MfDoor *door, gconstpointer data)
{
  MfEngine *engine;

  mf_door_start (door);
  mf_door_wait_idle (door, 1);
  engine = door->cache->engine;
  mf_fake_set_online (door->fake, FALSE);
  mf_door_wait_online (door, FALSE);
  g_mutex_lock (&engine->lock);
  engine->retry_at_us = g_get_monotonic_time () + 3600 * (gint64)G_USEC_PER_SEC;
  g_mutex_unlock (&engine->lock);
  mf_fake_set_online (door->fake, TRUE);
  g_signal_emit_by_name (g_network_monitor_get_default (), "network-changed", TRUE);
  mf_door_wait_online (door, TRUE);
}

typedef struct
{
  MfCaps caps;
  guint poll_s;
} News;

static void
test_other_folders_are_watched (MfDoor *door, gconstpointer data)
{
  const News *news = data;

  mf_fake_set_caps (door->fake, news->caps);
  door->options.poll_s = news->poll_s;
  mf_fake_fill (door->fake, "other", 1);
  mf_door_start (door);
  mf_door_list (door, "other");
  mf_door_wait_idle (door, 1);
  mf_fake_append (door->fake, "other", "Subject: new\r\n\r\n", 0, NULL);
  mf_door_wait_event (door, "added 2");
  g_free (mf_event_log_take (door->log));
  mf_fake_create (door->fake, "more");
  mf_door_wait_event (door, "tree 1");
  mf_door_list (door, "more");
}

/* Nobody would take what is announced there. */
static void
test_shared_session_asks_for_no_announcements (MfDoor *door, gconstpointer data)
{
  mf_fake_set_caps (door->fake, MF_DOOR_FULL | MF_CAP_NOTIFY);
  door->options.connections = 1;
  door->options.poll_s = 1;
  mf_fake_fill (door->fake, "other", 1);
  mf_door_start (door);
  mf_door_list (door, "other");
  mf_fake_append (door->fake, "other", "Subject: new\r\n\r\n", 0, NULL);
  mf_door_wait_event (door, "added 2");
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_ANNOUNCE), ==, 0);
}

static void
test_without_idle_there_is_the_poll (MfDoor *door, gconstpointer data)
{
  mf_fake_set_caps (door->fake, MF_DOOR_FULL & ~MF_CAP_IDLE);
  door->options.poll_s = 1;
  mf_fake_fill (door->fake, "INBOX", 1);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  mf_fake_append (door->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
  mf_door_wait_event (door, "added 2");
}

#define ADD(path, func) ADD_OF (path, func, NULL)
#define ADD_OF(path, func, data)                                                                   \
  g_test_add ("/watch/" path, MfDoor, data, mf_door_set_up, func, mf_door_tear_down)

int
main (int argc, char **argv)
{
  static const Loss watch_lives = { 2, 0 }, too_many = { 1, 1 };
  static const Rest short_lives = { MF_FAKE_IDLE, MF_REMOTE_ERROR_OFFLINE, G_USEC_PER_SEC / 2 };
  static const Rest busy
      = { MF_FAKE_LIST, MF_REMOTE_ERROR_BUSY, 3 * G_USEC_PER_SEC / 2 }; /* 0.5 and 1 at least */
  static const News polled = { MF_DOOR_FULL, 1 };
  static const News announced = { MF_DOOR_FULL | MF_CAP_NOTIFY, 3600 };

  g_test_init (&argc, &argv, NULL);
  ADD ("offline answers at once", test_offline_answers_at_once);
  ADD ("nothing is sent before the folders are listed", test_nothing_is_sent_before_the_listing);
  ADD ("what came between the first listing and the watch is seen",
       test_what_came_between_listing_and_watching);
  ADD ("what changed meanwhile is told", test_what_changed_meanwhile_is_told);
  ADD_OF ("a watch that lives brings it back", test_front_comes_back, &watch_lives);
  ADD_OF ("too many sessions are not the end", test_front_comes_back, &too_many);
  ADD ("the watch does not spin offline", test_watch_does_not_spin_offline);
  ADD_OF ("the watch rests after a session that lived shortly", test_watch_rests, &short_lives);
  ADD_OF ("the watch leaves alone a server that is busy", test_watch_rests, &busy);
  ADD ("INBOX is watched", test_inbox_is_watched);
  ADD ("INBOX is watched when it is listed later", test_inbox_listed_later_is_watched);
  ADD ("a change during a listing is seen", test_change_during_a_listing_is_seen);
  ADD ("the network that is back is noticed", test_network_that_is_back);
  ADD_OF ("other folders are polled", test_other_folders_are_watched, &polled);
  ADD_OF ("other folders are announced", test_other_folders_are_watched, &announced);
  ADD ("a shared session asks for no announcements", test_shared_session_asks_for_no_announcements);
  ADD ("without IDLE there is the poll", test_without_idle_there_is_the_poll);
  return g_test_run ();
}
