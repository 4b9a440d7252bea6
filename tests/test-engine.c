/* The queues and those who work at them, a server in memory. */
#include "cache/account.h"
#include "cache/cache.h"

#include <string.h>

#include "tests/check.h"
#include "tests/door.h"
#include "tests/edits.h"
#include "tests/patience.h"

/* The push worker has looked whether there is something from before. */
static void
wait_for_first_push (MfDoor *door)
{
  MfEngine *engine = door->cache->engine;

  g_mutex_lock (&engine->lock);
  while (engine->pushes == 0)
    g_cond_wait (&engine->changed, &engine->lock);
  g_mutex_unlock (&engine->lock);
}

/* The push worker waits for the session, which is the front's. */
static void
wait_for_push (MfDoor *door)
{
  mf_door_wait_taken_up (door);
  mf_check_soon (mf_link_is_awaited (door->cache->engine->links[MF_WORKER_FRONT]));
}

/* ---- reading ahead ---------------------------------------------------- */

static void
test_walk_is_read_ahead (MfDoor *door, gconstpointer data)
{
  mf_fake_fill (door->fake, "other", 50);
  mf_door_start (door);
  mf_door_list (door, "other");
  for (guint32 uid = 1; uid <= 4; uid++)
    g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "other", uid)), ==,
                     MF_DOOR_OK);
  mf_door_wait_event (door, "size 50");
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_BODIES), <=, 4 + 2);
}

static void
test_walk_goes_on_past_the_limit (MfDoor *door, gconstpointer data)
{
  g_autofree char *large = g_strnfill (20000, 'x');
  g_auto (MfStatus) status = { 0 };

  door->options.cache_size = 200 * 1000;
  for (int i = 0; i < 60; i++)
    mf_fake_append (door->fake, "other", large, 0, NULL);
  mf_door_start (door);
  mf_door_list (door, "other");
  for (guint32 uid = 1; uid <= 60; uid++)
    g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "other", uid)), ==,
                     MF_DOOR_OK);
  mf_door_stop (door);
  mf_door_open (door);
  mf_cache_status (door->cache, &status);
  g_assert_cmpuint (status.cache_bytes, <, 60 * 20000);
}

/* ---- which comes first ------------------------------------------------ */

/* Bodies of "other" that are wanted at once, more than are fetched together; forward it
 * would be a walk, which is the back worker's. */
static void
want_many_bodies (MfDoor *door, guint n, MfPatience *patience)
{
  for (guint32 uid = n; uid > 0; uid--)
    g_assert_true (mf_cache_want_body (door->cache, mf_door_find_uid (door, "other", uid),
                                       mf_patience_done, patience));
}

static void
test_a_listing_overtakes_bodies (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) bodies = mf_patience_new (), listing = mf_patience_new ();
  guint n = 300;

  mf_fake_create (door->fake, "more");
  mf_fake_fill (door->fake, "more", 1);
  mf_fake_fill (door->fake, "other", n);
  mf_door_start (door);
  mf_door_list (door, "other");
  mf_fake_hold (door->fake, MF_FAKE_BODIES);
  want_many_bodies (door, n, bodies);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_BODIES, 1));
  mf_fake_hold (door->fake, MF_FAKE_FETCH);
  mf_cache_want_folder (door->cache, mf_door_find (door, "more"), mf_patience_done, listing);
  mf_fake_release (door->fake, MF_FAKE_BODIES);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_FETCH, 1));
  g_assert_cmpuint (mf_patience_calls (bodies), <, n);
  mf_fake_release (door->fake, MF_FAKE_FETCH);
  mf_patience_wait (listing, 1);
  mf_patience_wait (bodies, n);
}

/* All workers have one session. */
static void
test_a_change_overtakes_bodies (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) bodies = mf_patience_new ();
  guint n = 300;

  door->options.connections = 1;
  mf_fake_fill (door->fake, "other", n + 1);
  mf_door_start (door);
  mf_door_list (door, "other");
  wait_for_first_push (door);
  mf_fake_hold (door->fake, MF_FAKE_BODIES);
  mf_fake_hold (door->fake, MF_FAKE_STORE);
  want_many_bodies (door, n, bodies);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_BODIES, 1));
  mf_edit_flags (door->cache, mf_door_find_uid (door, "other", n + 1), MF_FLAG_SEEN, NULL);
  wait_for_push (door);
  mf_fake_release (door->fake, MF_FAKE_BODIES);
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_STORE, 1));
  g_assert_cmpuint (mf_patience_calls (bodies), <, n);
  mf_fake_release (door->fake, MF_FAKE_STORE);
  mf_patience_wait (bodies, n);
}

/* ---- trouble ---------------------------------------------------------- */

static void
test_lost_session_is_replaced (MfDoor *door, gconstpointer data)
{
  mf_fake_fill (door->fake, "other", 3);
  mf_door_start (door);
  mf_fake_fail_in (door->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_OFFLINE, 1);
  mf_door_list (door, "other");
  mf_fake_cut (door->fake);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "other", 2)), ==, MF_DOOR_OK);
  mf_fake_die_in_body (door->fake, 3, 5);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "other", 3)), ==, MF_DOOR_OK);
  g_assert_true (mf_door_is_online (door));
}

static void
test_made_anew_on_the_server (MfDoor *door, gconstpointer data)
{
  mf_fake_fill (door->fake, "other", 5);
  mf_door_start (door);
  mf_door_list (door, "other");
  MfMsgId old = mf_door_find_uid (door, "other", 4), gone = mf_door_find_uid (door, "other", 1);
  mf_fake_expunge (door->fake, "other", 1);
  mf_fake_renumber (door->fake, "other");
  g_assert_cmpint (mf_door_want_body (door, old), ==, MF_DOOR_OK);
  g_autofree char *text = mf_door_read_body (door, old);
  g_assert_cmpstr (text, ==, "Subject: 4\n\nNumber 4\n");
  g_assert_cmpint (mf_door_want_body (door, gone), ==, MF_CACHE_ERROR_NOT_FOUND);
}

static void
test_deleted_on_the_server (MfDoor *door, gconstpointer data)
{
  mf_fake_fill (door->fake, "other", 50);
  mf_fake_fill (door->fake, "INBOX", 50);
  mf_door_start (door);
  mf_door_list (door, "other");
  mf_door_list (door, "INBOX");
  for (guint32 uid = 1; uid <= 3; uid++)
    g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "other", uid)), ==,
                     MF_DOOR_OK);
  mf_fake_remove (door->fake, "other");
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "other", 20)), !=, MF_DOOR_OK);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "other", 21)), !=, MF_DOOR_OK);
  g_assert_cmpint (mf_door_want_body (door, mf_door_find_uid (door, "INBOX", 20)), ==, MF_DOOR_OK);
  g_assert_cmpuint (mf_fake_count (door->fake, MF_FAKE_SELECT), <, 30);
}

/* ---- prefetch --------------------------------------------------------- */

static void
test_prefetch_headers (MfDoor *door, gconstpointer data)
{
  g_autofree char *expected = NULL;

  door->options.prefetch = MF_PREFETCH_HEADERS;
  mf_fake_fill (door->fake, "other", 3);
  mf_door_start (door);
  expected = g_strdup_printf ("listed %" G_GINT64_FORMAT, mf_door_find (door, "other"));
  mf_door_wait_event (door, expected);
  g_assert_cmpint (mf_door_want_folder (door, mf_door_find (door, "other")), ==, MF_DOOR_OK);
}

static void
test_prefetch_all (MfDoor *door, gconstpointer data)
{
  door->options.prefetch = MF_PREFETCH_ALL;
  mf_fake_fill (door->fake, "INBOX", 3);
  mf_fake_fill (door->fake, "other", 100);
  mf_door_start (door);
  mf_door_wait_event (door, "size 100");
  mf_door_wait_event (door, "size 1");
  mf_door_wait_event (door, "size 1");
  mf_door_wait_idle (door, 1);
  mf_fake_append (door->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
  mf_door_wait_event (door, "size 4");
}

static void
test_prefetch_keeps_to_the_limit (MfDoor *door, gconstpointer data)
{
  g_autofree char *large = g_strnfill (10000, 'x');
  g_autofree char *sent = NULL;
  guint n = 0;

  door->options.prefetch = MF_PREFETCH_ALL;
  door->options.cache_size = 1000 * 1000;
  for (int i = 0; i < 1000; i++)
    mf_fake_append (door->fake, "INBOX", large, 0, NULL);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  mf_door_wait_idle (door, 1);
  for (guint i = 1; i <= 5; i++)
    {
      g_autofree char *words = g_strdup_printf ("size %u", 1000 + i);
      mf_fake_append (door->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
      mf_door_wait_event (door, words);
    }
  sent = mf_fake_bodies_sent (door->fake);
  for (const char *c = sent; *c != '\0'; c++)
    n += *c == ' ';
  g_assert_cmpuint (n, <, 400);
}

/* ---- all at once ------------------------------------------------------ */

typedef struct
{
  MfDoor *door;
  MfPatience *patience;
  guint wanted;
  guint32 seed;
} Reader;

static guint
next_random (Reader *reader, guint below)
{
  reader->seed = reader->seed * 1664525 + 1013904223;
  return (reader->seed >> 8) % below;
}

static void
read_if_here (Reader *reader, MfMsgId id)
{
  g_autoptr (MfBody) body = mf_cache_body_open (reader->door->cache, id, NULL);
  char text[100] = { 0 };

  if (body == NULL)
    return;
  g_assert_cmpint (mf_body_read (body, 0, text, sizeof text - 1, NULL), >, 0);
  g_assert_true (g_str_has_prefix (text, "Subject: "));
}

static void
disturb (MfDoor *door, guint how)
{
  switch (how % 8)
    {
    case 0:
      mf_fake_cut (door->fake);
      break;
    case 1:
      mf_fake_die_in_body (door->fake, 1 + how % 300, 3);
      break;
    case 2:
      mf_fake_append (door->fake, "INBOX", "Subject: more\r\n\r\n", 0, NULL);
      break;
    case 3:
      mf_fake_refuse_batches (door->fake, MF_REMOTE_ERROR_REFUSED, 1);
      break;
    case 4:
      mf_fake_renumber (door->fake, "other");
      break;
    case 5:
      mf_fake_set_online (door->fake, FALSE);
      break;
    default:
      mf_fake_set_online (door->fake, TRUE);
      break;
    }
}

static gpointer
read_at_random (gpointer data)
{
  Reader *reader = data;
  MfCache *cache = reader->door->cache;
  MfFolderId folders[2]
      = { mf_door_find (reader->door, "INBOX"), mf_door_find (reader->door, "other") };
  guint32 at = 1;

  for (int i = 0; i < 1500; i++)
    {
      g_auto (MfMessage) message = { 0 };
      MfFolderId folder = folders[next_random (reader, 2)];
      at = next_random (reader, 10) == 0 ? 1 + next_random (reader, 300) : at % 300 + 1;
      if (next_random (reader, 40) == 0)
        disturb (reader->door, next_random (reader, 3000));
      if (next_random (reader, 20) == 0)
        reader->wanted
            += mf_cache_want_folder (cache, folder, mf_patience_done, reader->patience) != 0;
      else if (mf_cache_message_by_uid (cache, folder, at, &message, NULL))
        {
          reader->wanted
              += mf_cache_want_body (cache, message.id, mf_patience_done, reader->patience) != 0;
          read_if_here (reader, message.id);
        }
    }
  return NULL;
}

static void
test_every_want_is_answered_once (MfDoor *door, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();
  Reader readers[3];
  GThread *threads[3];
  guint wanted = 0;

  door->options.poll_s = 1;
  door->options.cache_size = 3000;
  mf_fake_fill (door->fake, "INBOX", 300);
  mf_fake_fill (door->fake, "other", 300);
  mf_door_start (door);
  mf_door_list (door, "INBOX");
  mf_door_list (door, "other");
  for (guint i = 0; i < 3; i++)
    {
      readers[i] = (Reader){ door, patience, 0, i };
      threads[i] = g_thread_new ("reader", read_at_random, &readers[i]);
    }
  for (guint i = 0; i < 3; i++)
    {
      g_thread_join (threads[i]);
      wanted += readers[i].wanted;
    }
  mf_door_stop (door);
  g_assert_cmpuint (mf_patience_calls (patience), ==, wanted);
}

/* ---- without MODSEQ ---------------------------------------------------- */

/* As all flags of a large mailbox are. */
static gboolean
slow_uids (MfRemote *remote, MfUidSet *out, GCancellable *cancellable, GError **error)
{
  g_usleep (700 * 1000);
  return mf_fake_ops.uids (remote, out, cancellable, error);
}

/* Looking takes longer than the poll is away. */
static void
test_looking_at_flags_leaves_time (MfDoor *door, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_fake_append (door->fake, "other", "Subject: x\r\n\r\nText\r\n", 0, NULL);
  mf_door_stop (door);
  door->options.poll_s = 1;
  door->ops.uids = slow_uids;
  mf_door_start (door);
  guint n = mf_fake_count (door->fake, MF_FAKE_UIDS);
  mf_door_wait_count (door, MF_FAKE_UIDS, n + 4);
  mf_check (mf_cache_prefetch (door->cache, door->inbox, &error), error);
  mf_door_wait_event (door, "size 5");
}

#define ADD(path, func)                                                                            \
  g_test_add ("/engine/" path, MfDoor, NULL, mf_door_set_up, func, mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a walk is read ahead", test_walk_is_read_ahead);
  ADD ("a walk goes on past the limit", test_walk_goes_on_past_the_limit);
  ADD ("a lost session is replaced unnoticed", test_lost_session_is_replaced);
  ADD ("a listing overtakes bodies that are wanted", test_a_listing_overtakes_bodies);
  ADD ("with one session, a change overtakes bodies that are wanted",
       test_a_change_overtakes_bodies);
  ADD ("a mailbox made anew is listed anew", test_made_anew_on_the_server);
  ADD ("a mailbox deleted on the server is no trap", test_deleted_on_the_server);
  ADD ("prefetch lists every folder", test_prefetch_headers);
  ADD ("prefetch fetches every body", test_prefetch_all);
  ADD ("prefetch does not go round in a full cache", test_prefetch_keeps_to_the_limit);
  g_test_add ("/engine/looking at flags leaves time for the rest", MfDoor,
              GUINT_TO_POINTER (MF_CAP_IDLE | MF_CAP_UIDPLUS), mf_door_set_up_known,
              test_looking_at_flags_leaves_time, mf_door_tear_down);
  ADD ("every want is answered once, whatever happens", test_every_want_is_answered_once);
  return g_test_run ();
}
