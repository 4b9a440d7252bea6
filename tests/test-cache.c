/* The whole of cache/ through its door, with a server in memory. */
#include "cache/account.h"
#include "cache/cache.h"

#include <string.h>

#include "tests/event-log.h"
#include "tests/fake-remote.h"
#include "tests/patience.h"
#include "tests/tempdir.h"

#define FULL (MF_CAP_CONDSTORE | MF_CAP_QRESYNC | MF_CAP_IDLE | MF_CAP_UIDPLUS | MF_CAP_MOVE)
#define NONE (-1) /* no error */

typedef struct
{
  char *dir, *state_dir, *cache_dir;
  MfFake *fake;
  MfEventLog *log;
  MfCacheOptions options;
  MfCache *cache;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = mf_tempdir_new ();
  self->state_dir = g_build_filename (self->dir, "state", NULL);
  self->cache_dir = g_build_filename (self->dir, "cache", NULL);
  self->fake = mf_fake_new (FULL);
  self->log = mf_event_log_new ();
  self->options = (MfCacheOptions){ .state_dir = self->state_dir, .cache_dir = self->cache_dir,
                                    .cache_size = 100 * 1024 * 1024, .poll_s = 3600 };
  mf_fake_create (self->fake, "other");
  mf_fake_create (self->fake, "plain/child");
}

static MfCache *
try_open (Fixture *self, GError **error)
{
  return mf_cache_open (&self->options, &mf_fake_ops, mf_fake_account (self->fake),
                        mf_event_log_func, self->log, error);
}

static void
open_cache (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  self->cache = try_open (self, &error);
  g_assert_no_error (error);
}

static gboolean
try_start (Fixture *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *why = NULL;
  gboolean online = FALSE;

  if (!mf_cache_start (self->cache, &online, &why, cancellable, error))
    return FALSE;
  g_assert_cmpint (online, ==, why == NULL);
  return TRUE;
}

static void
start (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  open_cache (self);
  try_start (self, NULL, &error);
  g_assert_no_error (error);
}

static void
stop (Fixture *self)
{
  mf_cache_stop (self->cache);
  g_clear_pointer (&self->cache, mf_cache_close);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->cache != NULL)
    stop (self);
  mf_event_log_free (self->log);
  mf_fake_free (self->fake);
  g_free (self->cache_dir);
  g_free (self->state_dir);
  mf_tempdir_free (self->dir);
}

/* ---- helpers ---------------------------------------------------------- */

static MfFolderId
find (Fixture *self, const char *name)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;

  mf_cache_folder_child (self->cache, MF_FOLDER_ROOT, name, &folder, &error);
  g_assert_no_error (error);
  return folder.id;
}

static int
want_folder (Fixture *self, MfFolderId id)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  if (!mf_cache_want_folder (self->cache, id, mf_patience_done, patience))
    return NONE;
  return mf_patience_code (patience);
}

static void
list (Fixture *self, const char *name)
{
  g_assert_cmpint (want_folder (self, find (self, name)), ==, NONE);
}

static MfMsgId
find_uid (Fixture *self, const char *name, guint32 uid)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  mf_cache_message_by_uid (self->cache, find (self, name), uid, &message, &error);
  g_assert_no_error (error);
  return message.id;
}

static int
want_body (Fixture *self, MfMsgId id)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  if (!mf_cache_want_body (self->cache, id, mf_patience_done, patience))
    return NONE;
  return mf_patience_code (patience);
}

static char *
read_body (Fixture *self, MfMsgId id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MfBody) body = mf_cache_body_open (self->cache, id, &error);
  char *text = NULL;

  g_assert_no_error (error);
  text = g_malloc0 (mf_body_size (body) + 1);
  g_assert_cmpint (mf_body_read (body, 0, text, mf_body_size (body), &error), ==,
                   (gssize) mf_body_size (body));
  return text;
}

static gboolean
is_online (Fixture *self)
{
  g_auto (MfStatus) status = { 0 };

  mf_cache_status (self->cache, &status);
  g_assert_cmpint (status.online, ==, status.trouble == NULL);
  return status.online;
}

static void
wait_online (Fixture *self, gboolean online)
{
  while (is_online (self) != online)
    g_assert_true (mf_event_log_wait (self->log, "state"));
}

static void
wait_event (Fixture *self, const char *words)
{
  g_assert_true (mf_event_log_wait (self->log, words));
}

static void
wait_count (Fixture *self, MfFakeOp op, guint n)
{
  while (mf_fake_count (self->fake, op) < n)
    g_usleep (1000);
}

static gboolean
is_push_due (MfEngine *engine)
{
  g_mutex_lock (&engine->lock);
  gboolean is_due = engine->first_change_us != 0;
  g_mutex_unlock (&engine->lock);
  return is_due;
}

/* The push worker has looked whether there is something from before. */
static void
wait_for_first_push (Fixture *self)
{
  MfEngine *engine = self->cache->engine;

  g_mutex_lock (&engine->lock);
  while (engine->pushes == 0)
    g_cond_wait (&engine->changed, &engine->lock);
  g_mutex_unlock (&engine->lock);
}

/* The push worker waits for the session, which is the front's. */
static void
wait_for_push (Fixture *self)
{
  MfEngine *engine = self->cache->engine;

  while (is_push_due (engine) || !mf_link_is_awaited (engine->links[MF_WORKER_FRONT]))
    g_usleep (1000);
}

/* INBOX is known, and the watch waits in it. */
static void
start_watching (Fixture *self, guint n)
{
  mf_fake_fill (self->fake, "INBOX", n);
  start (self);
  list (self, "INBOX");
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, 1));
}

/* ---- opening and starting --------------------------------------------- */

static void
test_start_lists_folders (Fixture *self, gconstpointer data)
{
  g_auto (MfFolder) plain = { 0 }, child = { 0 };

  start (self);
  g_assert_true (is_online (self));
  find (self, "INBOX");
  find (self, "other");
  g_assert_true (mf_cache_folder (self->cache, find (self, "plain"), &plain, NULL));
  g_assert_false (plain.selectable);
  g_assert_true (mf_cache_folder_child (self->cache, plain.id, "child", &child, NULL));
  g_assert_true (child.selectable);
}

static void
test_one_process_at_a_time (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  open_cache (self);
  g_assert_null (try_open (self, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_BUSY);
  g_clear_pointer (&self->cache, mf_cache_close);
  open_cache (self);
}

static void
test_without_server_and_index_it_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_fake_set_online (self->fake, FALSE);
  open_cache (self);
  g_assert_false (try_start (self, NULL, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE);
}

static void
test_refused_login_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  start (self);
  stop (self);
  mf_fake_fail (self->fake, MF_FAKE_OPEN, MF_REMOTE_ERROR_AUTH, 1);
  open_cache (self);
  g_assert_false (try_start (self, NULL, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_AUTH);
}

static void
test_with_an_index_it_starts_offline (Fixture *self, gconstpointer data)
{
  mf_fake_fill (self->fake, "INBOX", 3);
  start (self);
  list (self, "INBOX");
  g_assert_cmpint (want_body (self, find_uid (self, "INBOX", 2)), ==, NONE);
  stop (self);

  mf_fake_set_online (self->fake, FALSE);
  start (self);
  g_assert_false (is_online (self));
  g_autofree char *text = read_body (self, find_uid (self, "INBOX", 2));
  g_assert_cmpstr (text, ==, "Subject: 2\n\nNumber 2\n");
  g_assert_cmpint (want_body (self, find_uid (self, "INBOX", 3)), ==, MF_CACHE_ERROR_OFFLINE);
  mf_fake_set_online (self->fake, TRUE);
  wait_online (self, TRUE);
  g_assert_cmpint (want_body (self, find_uid (self, "INBOX", 3)), ==, NONE);
}

static gpointer
cancel_when_held (gpointer data)
{
  gpointer *pair = data;

  g_assert_true (mf_fake_wait_held (pair[0], MF_FAKE_LIST, 1));
  g_cancellable_cancel (pair[1]);
  return NULL;
}

static void
test_cancelled_start_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  gpointer pair[2] = { self->fake, cancellable };

  start (self); /* so that there is an index */
  stop (self);
  open_cache (self);
  mf_fake_hold (self->fake, MF_FAKE_LIST);
  GThread *thread = g_thread_new ("cancel", cancel_when_held, pair);
  g_assert_false (try_start (self, cancellable, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE);
  g_thread_join (thread);
}

/* ---- folders ---------------------------------------------------------- */

static void
test_folder_is_listed_when_wanted (Fixture *self, gconstpointer data)
{
  g_auto (MfFolder) before = { 0 }, after = { 0 };

  mf_fake_fill (self->fake, "other", 7);
  start (self);
  g_assert_true (mf_cache_folder (self->cache, find (self, "other"), &before, NULL));
  g_assert_false (before.known);
  g_assert_cmpuint (before.messages, ==, 7);
  list (self, "other");
  g_assert_true (mf_cache_folder (self->cache, before.id, &after, NULL));
  g_assert_true (after.known);
  g_assert_cmpuint (after.messages, ==, 7);
  g_assert_false (mf_cache_want_folder (self->cache, before.id, mf_patience_done, NULL));
}

static void
test_plain_folder_needs_no_listing (Fixture *self, gconstpointer data)
{
  start (self);
  g_assert_false (mf_cache_want_folder (self->cache, find (self, "plain"), mf_patience_done, NULL));
  g_assert_false (mf_cache_want_folder (self->cache, MF_FOLDER_ROOT, mf_patience_done, NULL));
}

static void
test_missing_folder_is_told (Fixture *self, gconstpointer data)
{
  start (self);
  g_assert_cmpint (want_folder (self, 12345), ==, MF_CACHE_ERROR_NOT_FOUND);
  g_assert_cmpint (want_body (self, 12345), ==, MF_CACHE_ERROR_NOT_FOUND);
}

static void
test_refused_folder_is_told (Fixture *self, gconstpointer data)
{
  start (self);
  mf_fake_fail_in (self->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_DENIED, 1);
  g_assert_cmpint (want_folder (self, find (self, "other")), ==, MF_CACHE_ERROR_DENIED);
  g_assert_true (is_online (self));
  list (self, "other");
}

static void
test_wants_of_a_folder_join (Fixture *self, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_fake_fill (self->fake, "other", 3);
  start (self);
  mf_fake_hold (self->fake, MF_FAKE_FETCH);
  for (int i = 0; i < 5; i++)
    {
      g_assert_true (mf_cache_want_folder (self->cache, find (self, "other"), mf_patience_done,
                                           patience));
      g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_FETCH, 1));
    }
  mf_fake_release (self->fake, MF_FAKE_FETCH);
  mf_patience_wait (patience, 5);
  g_assert_cmpuint (mf_fake_count (self->fake, MF_FAKE_FETCH), ==, 1);
}

/* ---- bodies ----------------------------------------------------------- */

static void
test_body_comes_when_wanted (Fixture *self, gconstpointer data)
{
  g_auto (MfMessage) message = { 0 };

  mf_fake_fill (self->fake, "INBOX", 3);
  start (self);
  list (self, "INBOX");
  MfMsgId id = find_uid (self, "INBOX", 2);
  g_assert_null (mf_cache_body_open (self->cache, id, NULL));
  g_assert_cmpint (want_body (self, id), ==, NONE);
  wait_event (self, "size 2");
  g_assert_true (mf_cache_message (self->cache, id, &message, NULL));
  g_assert_true (message.exact);
  g_assert_true (message.cached);
  g_autofree char *text = read_body (self, id);
  g_assert_cmpstr (text, ==, "Subject: 2\n\nNumber 2\n");
  g_assert_cmpuint (message.size, ==, strlen (text));
  g_assert_false (mf_cache_want_body (self->cache, id, mf_patience_done, NULL));
}

static void
test_wants_of_a_body_join (Fixture *self, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();
  g_autofree char *sent = NULL;

  mf_fake_fill (self->fake, "INBOX", 3);
  start (self);
  list (self, "INBOX");
  mf_fake_hold (self->fake, MF_FAKE_BODIES);
  for (int i = 0; i < 5; i++)
    {
      g_assert_true (mf_cache_want_body (self->cache, find_uid (self, "INBOX", 3),
                                         mf_patience_done, patience));
      g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_BODIES, 1));
    }
  mf_fake_release (self->fake, MF_FAKE_BODIES);
  mf_patience_wait (patience, 5);
  sent = mf_fake_bodies_sent (self->fake);
  g_assert_cmpstr (sent, ==, "INBOX:3 ");
}

static void
test_lost_body_fails_alone (Fixture *self, gconstpointer data)
{
  mf_fake_fill (self->fake, "INBOX", 3);
  start (self);
  list (self, "INBOX");
  mf_fake_set_body (self->fake, "INBOX", 2, MF_FAKE_BODY_NIL);
  g_assert_cmpint (want_body (self, find_uid (self, "INBOX", 2)), ==, MF_CACHE_ERROR_CORRUPT);
  g_assert_cmpint (want_body (self, find_uid (self, "INBOX", 1)), ==, NONE);
  mf_fake_set_body (self->fake, "INBOX", 2, MF_FAKE_BODY_SENT);
  g_assert_cmpint (want_body (self, find_uid (self, "INBOX", 2)), ==, NONE);
}

static void
test_body_of_what_another_removed (Fixture *self, gconstpointer data)
{
  mf_fake_fill (self->fake, "other", 3);
  start (self);
  list (self, "other");
  MfMsgId id = find_uid (self, "other", 2);
  mf_fake_expunge (self->fake, "other", 2); /* nobody watches there */
  g_assert_cmpint (want_body (self, id), ==, MF_CACHE_ERROR_NOT_FOUND);
  g_assert_cmpint (want_body (self, find_uid (self, "other", 3)), ==, NONE);
}

static void
test_bodies_of_two_folders (Fixture *self, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_fake_fill (self->fake, "INBOX", 5);
  mf_fake_fill (self->fake, "other", 5);
  start (self);
  list (self, "INBOX");
  list (self, "other");
  for (guint32 uid = 5; uid > 0; uid--)
    {
      mf_cache_want_body (self->cache, find_uid (self, "INBOX", uid), mf_patience_done, patience);
      mf_cache_want_body (self->cache, find_uid (self, "other", uid), mf_patience_done, patience);
    }
  mf_patience_wait (patience, 10);
  for (guint32 uid = 1; uid <= 5; uid++)
    g_free (read_body (self, find_uid (self, "other", uid)));
}

static void
test_walk_is_read_ahead (Fixture *self, gconstpointer data)
{
  mf_fake_fill (self->fake, "other", 50);
  start (self);
  list (self, "other");
  for (guint32 uid = 1; uid <= 4; uid++)
    g_assert_cmpint (want_body (self, find_uid (self, "other", uid)), ==, NONE);
  wait_event (self, "size 50");
  g_assert_cmpuint (mf_fake_count (self->fake, MF_FAKE_BODIES), <=, 4 + 2);
}

static void
test_walk_goes_on_past_the_limit (Fixture *self, gconstpointer data)
{
  g_autofree char *large = g_strnfill (20000, 'x');
  g_auto (MfStatus) status = { 0 };

  self->options.cache_size = 200 * 1000;
  for (int i = 0; i < 60; i++)
    mf_fake_append (self->fake, "other", large, 0, NULL);
  start (self);
  list (self, "other");
  for (guint32 uid = 1; uid <= 60; uid++)
    g_assert_cmpint (want_body (self, find_uid (self, "other", uid)), ==, NONE);
  stop (self);
  open_cache (self);
  mf_cache_status (self->cache, &status);
  g_assert_cmpuint (status.cache_bytes, <, 60 * 20000);
}

/* ---- trouble ---------------------------------------------------------- */

static void
test_lost_session_is_replaced (Fixture *self, gconstpointer data)
{
  mf_fake_fill (self->fake, "other", 3);
  start (self);
  mf_fake_fail_in (self->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_OFFLINE, 1);
  list (self, "other");
  mf_fake_cut (self->fake);
  g_assert_cmpint (want_body (self, find_uid (self, "other", 2)), ==, NONE);
  mf_fake_die_in_body (self->fake, 3, 5);
  g_assert_cmpint (want_body (self, find_uid (self, "other", 3)), ==, NONE);
  g_assert_true (is_online (self));
}

static void
test_offline_answers_at_once (Fixture *self, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  start_watching (self, 3);
  g_assert_cmpint (want_body (self, find_uid (self, "INBOX", 1)), ==, NONE);
  mf_fake_set_online (self->fake, FALSE);
  wait_online (self, FALSE);
  g_assert_true (mf_cache_want_body (self->cache, find_uid (self, "INBOX", 2), mf_patience_done,
                                     patience));
  g_assert_cmpuint (mf_patience_calls (patience), ==, 1);
  g_assert_cmpint (mf_patience_code (patience), ==, MF_CACHE_ERROR_OFFLINE);
  g_assert_true (mf_cache_want_folder (self->cache, find (self, "other"), mf_patience_done,
                                       patience));
  g_assert_cmpuint (mf_patience_calls (patience), ==, 2);
  g_free (read_body (self, find_uid (self, "INBOX", 1)));
}

static void
test_what_changed_meanwhile_is_told (Fixture *self, gconstpointer data)
{
  start_watching (self, 3);
  list (self, "other");
  mf_fake_set_online (self->fake, FALSE);
  wait_online (self, FALSE);
  mf_fake_fill (self->fake, "INBOX", 1);
  mf_fake_expunge (self->fake, "INBOX", 2);
  mf_fake_append (self->fake, "other", "Subject: x\r\n\r\n", 0, NULL);
  mf_fake_set_online (self->fake, TRUE);
  wait_online (self, TRUE);
  wait_event (self, "added 4");
  wait_event (self, "removed 2");
  wait_event (self, "added 1");
}

/* The front session dies and its successor as well; the watch notices nothing. */
static void
test_a_watch_that_lives_brings_it_back (Fixture *self, gconstpointer data)
{
  start_watching (self, 3);
  mf_fake_fail_in (self->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_OFFLINE, 2);
  g_assert_cmpint (want_folder (self, find (self, "other")), ==, MF_CACHE_ERROR_OFFLINE);
  wait_online (self, TRUE);
  list (self, "other");
}

static void
test_too_many_sessions_are_no_end (Fixture *self, gconstpointer data)
{
  start_watching (self, 3);
  mf_fake_fail_in (self->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_OFFLINE, 1);
  mf_fake_fail (self->fake, MF_FAKE_OPEN, MF_REMOTE_ERROR_BUSY, 1);
  g_assert_cmpint (want_folder (self, find (self, "other")), ==, MF_CACHE_ERROR_OFFLINE);
  wait_online (self, TRUE);
  list (self, "other");
}

static void
test_watch_does_not_spin_offline (Fixture *self, gconstpointer data)
{
  start_watching (self, 1);
  mf_fake_fail_in (self->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_OFFLINE, 2);
  want_folder (self, find (self, "other"));
  wait_online (self, TRUE);
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, 1));
  g_assert_cmpuint (mf_fake_count (self->fake, MF_FAKE_IDLE), <, 10);
}

/* It lets us in, but not idle. */
static void
test_watch_rests_after_a_short_life (Fixture *self, gconstpointer data)
{
  gint64 start_us;

  start_watching (self, 1);
  mf_fake_fail (self->fake, MF_FAKE_IDLE, MF_REMOTE_ERROR_OFFLINE, 2);
  mf_fake_reset_counts (self->fake);
  start_us = g_get_monotonic_time ();
  mf_fake_cut (self->fake);
  wait_count (self, MF_FAKE_IDLE, 3);
  g_assert_cmpint (g_get_monotonic_time () - start_us, >, G_USEC_PER_SEC / 2);
  g_assert_true (is_online (self));
}

/* It lets us in, but no more. */
static void
test_watch_leaves_alone_who_is_busy (Fixture *self, gconstpointer data)
{
  gint64 start_us;

  start_watching (self, 1);
  mf_fake_fail (self->fake, MF_FAKE_LIST, MF_REMOTE_ERROR_BUSY, 2);
  mf_fake_reset_counts (self->fake);
  start_us = g_get_monotonic_time ();
  mf_fake_cut (self->fake);
  wait_count (self, MF_FAKE_LIST, 3);
  g_assert_cmpint (g_get_monotonic_time () - start_us, >, 3 * G_USEC_PER_SEC / 2); /* 0.5 and 1 at least */
  g_assert_true (is_online (self));
}

/* Bodies of "other" that are wanted at once, more than are fetched together; forward it
 * would be a walk, which is the back worker's. */
static void
want_many_bodies (Fixture *self, guint n, MfPatience *patience)
{
  for (guint32 uid = n; uid > 0; uid--)
    g_assert_true (mf_cache_want_body (self->cache, find_uid (self, "other", uid),
                                       mf_patience_done, patience));
}

static void
test_a_listing_overtakes_bodies (Fixture *self, gconstpointer data)
{
  g_autoptr (MfPatience) bodies = mf_patience_new (), listing = mf_patience_new ();
  guint n = 300;

  mf_fake_create (self->fake, "more");
  mf_fake_fill (self->fake, "more", 1);
  mf_fake_fill (self->fake, "other", n);
  start (self);
  list (self, "other");
  mf_fake_hold (self->fake, MF_FAKE_BODIES);
  want_many_bodies (self, n, bodies);
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_BODIES, 1));
  mf_fake_hold (self->fake, MF_FAKE_FETCH);
  mf_cache_want_folder (self->cache, find (self, "more"), mf_patience_done, listing);
  mf_fake_release (self->fake, MF_FAKE_BODIES);
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_FETCH, 1));
  g_assert_cmpuint (mf_patience_calls (bodies), <, n);
  mf_fake_release (self->fake, MF_FAKE_FETCH);
  mf_patience_wait (listing, 1);
  mf_patience_wait (bodies, n);
}

/* All workers have one session. */
static void
test_a_change_overtakes_bodies (Fixture *self, gconstpointer data)
{
  g_autoptr (MfPatience) bodies = mf_patience_new ();
  g_autoptr (GError) error = NULL;
  g_auto (MfMessage) message = { 0 };
  guint n = 300;

  self->options.connections = 1;
  mf_fake_fill (self->fake, "other", n + 1);
  start (self);
  list (self, "other");
  wait_for_first_push (self);
  mf_fake_hold (self->fake, MF_FAKE_BODIES);
  mf_fake_hold (self->fake, MF_FAKE_STORE);
  want_many_bodies (self, n, bodies);
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_BODIES, 1));
  g_assert_true (mf_cache_message_by_uid (self->cache, find (self, "other"), n + 1, &message, &error));
  mf_cache_set_flags (self->cache, &message, MF_FLAG_SEEN, NULL, &error);
  g_assert_no_error (error);
  wait_for_push (self);
  mf_fake_release (self->fake, MF_FAKE_BODIES);
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_STORE, 1));
  g_assert_cmpuint (mf_patience_calls (bodies), <, n);
  mf_fake_release (self->fake, MF_FAKE_STORE);
  mf_patience_wait (bodies, n);
}

static void
test_stop_answers_everyone (Fixture *self, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_fake_fill (self->fake, "INBOX", 20);
  start (self);
  list (self, "INBOX");
  mf_fake_hold (self->fake, MF_FAKE_BODIES);
  mf_fake_hold (self->fake, MF_FAKE_FETCH);
  for (guint32 uid = 20; uid > 0; uid--)
    g_assert_true (mf_cache_want_body (self->cache, find_uid (self, "INBOX", uid),
                                       mf_patience_done, patience));
  g_assert_true (mf_cache_want_folder (self->cache, find (self, "other"), mf_patience_done,
                                       patience));
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_BODIES, 1));
  mf_cache_stop (self->cache);
  g_assert_cmpuint (mf_patience_calls (patience), ==, 21);
  g_assert_true (mf_cache_want_body (self->cache, find_uid (self, "INBOX", 1), mf_patience_done,
                                     patience));
  g_assert_cmpuint (mf_patience_calls (patience), ==, 22);
  g_clear_pointer (&self->cache, mf_cache_close);
  g_assert_cmpuint (mf_patience_calls (patience), ==, 22);
}

static void
test_stop_without_start (Fixture *self, gconstpointer data)
{
  open_cache (self);
  g_assert_cmpuint (mf_cache_stop (self->cache), ==, 0);
  g_clear_pointer (&self->cache, mf_cache_close);
}

static void
test_made_anew_on_the_server (Fixture *self, gconstpointer data)
{
  mf_fake_fill (self->fake, "other", 5);
  start (self);
  list (self, "other");
  MfMsgId old = find_uid (self, "other", 4), gone = find_uid (self, "other", 1);
  mf_fake_expunge (self->fake, "other", 1);
  mf_fake_renumber (self->fake, "other");
  g_assert_cmpint (want_body (self, old), ==, NONE);
  g_autofree char *text = read_body (self, old);
  g_assert_cmpstr (text, ==, "Subject: 4\n\nNumber 4\n");
  g_assert_cmpint (want_body (self, gone), ==, MF_CACHE_ERROR_NOT_FOUND);
}

static void
test_deleted_on_the_server (Fixture *self, gconstpointer data)
{
  mf_fake_fill (self->fake, "other", 50);
  mf_fake_fill (self->fake, "INBOX", 50);
  start (self);
  list (self, "other");
  list (self, "INBOX");
  for (guint32 uid = 1; uid <= 3; uid++)
    g_assert_cmpint (want_body (self, find_uid (self, "other", uid)), ==, NONE);
  mf_fake_remove (self->fake, "other");
  g_assert_cmpint (want_body (self, find_uid (self, "other", 20)), !=, NONE);
  g_assert_cmpint (want_body (self, find_uid (self, "other", 21)), !=, NONE);
  g_assert_cmpint (want_body (self, find_uid (self, "INBOX", 20)), ==, NONE);
  g_assert_cmpuint (mf_fake_count (self->fake, MF_FAKE_SELECT), <, 30);
}

/* ---- news ------------------------------------------------------------- */

static void
test_inbox_is_watched (Fixture *self, gconstpointer data)
{
  start_watching (self, 3);
  mf_fake_append (self->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
  wait_event (self, "added 4");
  mf_fake_set_flags (self->fake, "INBOX", 4, MF_FLAG_SEEN, NULL);
  wait_event (self, "changed 4");
  mf_fake_expunge (self->fake, "INBOX", 1);
  wait_event (self, "removed 1");
  g_assert_cmpint (want_body (self, find_uid (self, "INBOX", 4)), ==, NONE);
}

/* The watch began before anybody had listed INBOX. */
static void
test_inbox_listed_later_is_watched (Fixture *self, gconstpointer data)
{
  start (self);
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, 1));
  list (self, "INBOX");
  mf_fake_append (self->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
  wait_event (self, "added 1");
}

/* Mail that comes while another worker is at INBOX. */
static void
test_change_during_a_listing_is_seen (Fixture *self, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_fake_fill (self->fake, "INBOX", 3);
  start (self);
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, 1));
  mf_fake_hold (self->fake, MF_FAKE_FETCH);
  g_assert_true (mf_cache_want_folder (self->cache, find (self, "INBOX"), mf_patience_done,
                                       patience));
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_FETCH, 1));
  mf_fake_set_flags (self->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  mf_fake_release (self->fake, MF_FAKE_FETCH);
  mf_patience_wait (patience, 1);
  mf_fake_set_flags (self->fake, "INBOX", 2, MF_FLAG_SEEN, NULL);
  wait_event (self, "changed 2");
}

/* Long before the end of the back-off. */
static void
test_network_that_is_back (Fixture *self, gconstpointer data)
{
  MfEngine *engine;

  start (self);
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, 1));
  engine = self->cache->engine;
  mf_fake_set_online (self->fake, FALSE);
  wait_online (self, FALSE);
  g_mutex_lock (&engine->lock);
  engine->retry_at_us = g_get_monotonic_time () + 3600 * (gint64) G_USEC_PER_SEC;
  g_mutex_unlock (&engine->lock);
  mf_fake_set_online (self->fake, TRUE);
  g_signal_emit_by_name (g_network_monitor_get_default (), "network-changed", TRUE);
  wait_online (self, TRUE);
}

/* Announced by the server: no poll comes so soon. */
static void
test_other_folders_are_announced (Fixture *self, gconstpointer data)
{
  mf_fake_set_caps (self->fake, FULL | MF_CAP_NOTIFY);
  self->options.poll_s = 3600;
  mf_fake_fill (self->fake, "other", 1);
  start (self);
  list (self, "other");
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, 1));
  mf_fake_append (self->fake, "other", "Subject: new\r\n\r\n", 0, NULL);
  wait_event (self, "added 2");
  g_free (mf_event_log_take (self->log));
  mf_fake_create (self->fake, "more");
  wait_event (self, "tree 1");
  list (self, "more");
}

/* Nobody would take what is announced there. */
static void
test_shared_session_asks_for_no_announcements (Fixture *self, gconstpointer data)
{
  mf_fake_set_caps (self->fake, FULL | MF_CAP_NOTIFY);
  self->options.connections = 1;
  self->options.poll_s = 1;
  mf_fake_fill (self->fake, "other", 1);
  start (self);
  list (self, "other");
  mf_fake_append (self->fake, "other", "Subject: new\r\n\r\n", 0, NULL);
  wait_event (self, "added 2");
  g_assert_cmpuint (mf_fake_count (self->fake, MF_FAKE_ANNOUNCE), ==, 0);
}

static void
test_other_folders_are_polled (Fixture *self, gconstpointer data)
{
  self->options.poll_s = 1;
  mf_fake_fill (self->fake, "other", 1);
  start (self);
  list (self, "other");
  mf_fake_append (self->fake, "other", "Subject: new\r\n\r\n", 0, NULL);
  wait_event (self, "added 2");
  g_free (mf_event_log_take (self->log));
  mf_fake_create (self->fake, "more");
  wait_event (self, "tree 1");
  list (self, "more");
}

static void
test_without_idle_there_is_the_poll (Fixture *self, gconstpointer data)
{
  mf_fake_set_caps (self->fake, FULL & ~MF_CAP_IDLE);
  self->options.poll_s = 1;
  mf_fake_fill (self->fake, "INBOX", 1);
  start (self);
  list (self, "INBOX");
  mf_fake_append (self->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
  wait_event (self, "added 2");
}

/* ---- prefetch --------------------------------------------------------- */

static void
test_prefetch_headers (Fixture *self, gconstpointer data)
{
  g_autofree char *expected = NULL;

  self->options.prefetch = MF_PREFETCH_HEADERS;
  mf_fake_fill (self->fake, "other", 3);
  start (self);
  expected = g_strdup_printf ("listed %" G_GINT64_FORMAT, find (self, "other"));
  wait_event (self, expected);
  g_assert_cmpint (want_folder (self, find (self, "other")), ==, NONE);
}

static void
test_prefetch_all (Fixture *self, gconstpointer data)
{
  self->options.prefetch = MF_PREFETCH_ALL;
  mf_fake_fill (self->fake, "INBOX", 3);
  mf_fake_fill (self->fake, "other", 100);
  start (self);
  wait_event (self, "size 100");
  wait_event (self, "size 1");
  wait_event (self, "size 1");
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, 1));
  mf_fake_append (self->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
  wait_event (self, "size 4");
}

static void
test_prefetch_keeps_to_the_limit (Fixture *self, gconstpointer data)
{
  g_autofree char *large = g_strnfill (10000, 'x');
  g_autofree char *sent = NULL;
  guint n = 0;

  self->options.prefetch = MF_PREFETCH_ALL;
  self->options.cache_size = 1000 * 1000;
  for (int i = 0; i < 1000; i++)
    mf_fake_append (self->fake, "INBOX", large, 0, NULL);
  start (self);
  list (self, "INBOX");
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, 1));
  for (guint i = 1; i <= 5; i++)
    {
      g_autofree char *words = g_strdup_printf ("size %u", 1000 + i);
      mf_fake_append (self->fake, "INBOX", "Subject: new\r\n\r\n", 0, NULL);
      wait_event (self, words);
    }
  sent = mf_fake_bodies_sent (self->fake);
  for (const char *c = sent; *c != '\0'; c++)
    n += *c == ' ';
  g_assert_cmpuint (n, <, 400);
}

/* ---- all at once ------------------------------------------------------ */

typedef struct
{
  Fixture *fixture;
  MfPatience *patience;
  guint wanted;
  guint32 seed;
} Reader;

static guint
next_random (Reader *self, guint below)
{
  self->seed = self->seed * 1664525 + 1013904223;
  return (self->seed >> 8) % below;
}

static void
read_if_here (Reader *self, MfMsgId id)
{
  g_autoptr (MfBody) body = mf_cache_body_open (self->fixture->cache, id, NULL);
  char text[100] = { 0 };

  if (body == NULL)
    return;
  g_assert_cmpint (mf_body_read (body, 0, text, sizeof text - 1, NULL), >, 0);
  g_assert_true (g_str_has_prefix (text, "Subject: "));
}

static void
disturb (Fixture *self, guint how)
{
  switch (how % 8)
    {
    case 0:
      mf_fake_cut (self->fake);
      break;
    case 1:
      mf_fake_die_in_body (self->fake, 1 + how % 300, 3);
      break;
    case 2:
      mf_fake_append (self->fake, "INBOX", "Subject: more\r\n\r\n", 0, NULL);
      break;
    case 3:
      mf_fake_refuse_batches (self->fake, MF_REMOTE_ERROR_REFUSED, 1);
      break;
    case 4:
      mf_fake_renumber (self->fake, "other");
      break;
    case 5:
      mf_fake_set_online (self->fake, FALSE);
      break;
    default:
      mf_fake_set_online (self->fake, TRUE);
      break;
    }
}

static gpointer
read_at_random (gpointer data)
{
  Reader *self = data;
  MfCache *cache = self->fixture->cache;
  MfFolderId folders[2] = { find (self->fixture, "INBOX"), find (self->fixture, "other") };
  guint32 at = 1;

  for (int i = 0; i < 1500; i++)
    {
      g_auto (MfMessage) message = { 0 };
      MfFolderId folder = folders[next_random (self, 2)];
      at = next_random (self, 10) == 0 ? 1 + next_random (self, 300) : at % 300 + 1;
      if (next_random (self, 40) == 0)
        disturb (self->fixture, next_random (self, 3000));
      if (next_random (self, 20) == 0)
        self->wanted += mf_cache_want_folder (cache, folder, mf_patience_done, self->patience) != 0;
      else if (mf_cache_message_by_uid (cache, folder, at, &message, NULL))
        {
          self->wanted
              += mf_cache_want_body (cache, message.id, mf_patience_done, self->patience) != 0;
          read_if_here (self, message.id);
        }
    }
  return NULL;
}

static void
test_every_want_is_answered_once (Fixture *self, gconstpointer data)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();
  Reader readers[3];
  GThread *threads[3];
  guint wanted = 0;

  self->options.poll_s = 1;
  self->options.cache_size = 3000;
  mf_fake_fill (self->fake, "INBOX", 300);
  mf_fake_fill (self->fake, "other", 300);
  start (self);
  list (self, "INBOX");
  list (self, "other");
  for (guint i = 0; i < 3; i++)
    {
      readers[i] = (Reader){ self, patience, 0, i };
      threads[i] = g_thread_new ("reader", read_at_random, &readers[i]);
    }
  for (guint i = 0; i < 3; i++)
    {
      g_thread_join (threads[i]);
      wanted += readers[i].wanted;
    }
  stop (self);
  g_assert_cmpuint (mf_patience_calls (patience), ==, wanted);
}

#define ADD(path, func) g_test_add ("/cache/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a start lists the folders", test_start_lists_folders);
  ADD ("an account is open once", test_one_process_at_a_time);
  ADD ("without server and index it does not start", test_without_server_and_index_it_fails);
  ADD ("it does not start with a login that is refused", test_refused_login_fails);
  ADD ("with an index it starts without the server", test_with_an_index_it_starts_offline);
  ADD ("a start that is cancelled fails", test_cancelled_start_fails);
  ADD ("a folder is listed when it is wanted", test_folder_is_listed_when_wanted);
  ADD ("a folder without messages needs no listing", test_plain_folder_needs_no_listing);
  ADD ("what is missing is told", test_missing_folder_is_told);
  ADD ("a refusal is told, and is no loss", test_refused_folder_is_told);
  ADD ("wants of a folder join", test_wants_of_a_folder_join);
  ADD ("a body comes when it is wanted", test_body_comes_when_wanted);
  ADD ("wants of a body join", test_wants_of_a_body_join);
  ADD ("a lost body fails alone", test_lost_body_fails_alone);
  ADD ("a body that is asked for after another client has removed it is gone", test_body_of_what_another_removed);
  ADD ("bodies of two folders come", test_bodies_of_two_folders);
  ADD ("a walk is read ahead", test_walk_is_read_ahead);
  ADD ("a walk goes on past the limit", test_walk_goes_on_past_the_limit);
  ADD ("a lost session is replaced unnoticed", test_lost_session_is_replaced);
  ADD ("offline answers at once", test_offline_answers_at_once);
  ADD ("what changed meanwhile is told", test_what_changed_meanwhile_is_told);
  ADD ("a watch that lives brings it back", test_a_watch_that_lives_brings_it_back);
  ADD ("too many sessions are not the end", test_too_many_sessions_are_no_end);
  ADD ("a listing overtakes bodies that are wanted", test_a_listing_overtakes_bodies);
  ADD ("with one session, a change overtakes bodies that are wanted", test_a_change_overtakes_bodies);
  ADD ("the watch does not spin offline", test_watch_does_not_spin_offline);
  ADD ("the watch rests after a session that lived shortly", test_watch_rests_after_a_short_life);
  ADD ("the watch leaves alone a server that is busy", test_watch_leaves_alone_who_is_busy);
  ADD ("a stop answers everyone once", test_stop_answers_everyone);
  ADD ("it can be stopped without a start", test_stop_without_start);
  ADD ("a mailbox made anew is listed anew", test_made_anew_on_the_server);
  ADD ("a mailbox deleted on the server is no trap", test_deleted_on_the_server);
  ADD ("INBOX is watched", test_inbox_is_watched);
  ADD ("INBOX is watched when it is listed later", test_inbox_listed_later_is_watched);
  ADD ("a change during a listing is seen", test_change_during_a_listing_is_seen);
  ADD ("other folders are polled", test_other_folders_are_polled);
  ADD ("the network that is back is noticed", test_network_that_is_back);
  ADD ("other folders are announced", test_other_folders_are_announced);
  ADD ("a shared session asks for no announcements", test_shared_session_asks_for_no_announcements);
  ADD ("without IDLE there is the poll", test_without_idle_there_is_the_poll);
  ADD ("prefetch lists every folder", test_prefetch_headers);
  ADD ("prefetch fetches every body", test_prefetch_all);
  ADD ("prefetch does not go round in a full cache", test_prefetch_keeps_to_the_limit);
  ADD ("every want is answered once, whatever happens", test_every_want_is_answered_once);
  return g_test_run ();
}
