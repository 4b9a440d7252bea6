/* Without announcements, IDLE in the folders used last. */
#include "cache/cache.h"

#include <string.h>

#include "tests/event-log.h"
#include "tests/fake-remote.h"
#include "tests/patience.h"
#include "tests/tempdir.h"

#define WITHOUT_NOTIFY \
  (MF_CAP_CONDSTORE | MF_CAP_QRESYNC | MF_CAP_IDLE | MF_CAP_UIDPLUS | MF_CAP_MOVE)
#define N_FOLDERS 4

/* Each with as many messages that the next one has another UID. */
static const char *const names[N_FOLDERS] = { "INBOX", "one", "two", "three" };

typedef struct
{
  char *dir;
  MfFake *fake;
  MfEventLog *log;
  MfCacheOptions options;
  MfCache *cache;
} Fixture;

/* @data: how many sessions there may be. */
static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  gboolean online = FALSE;

  self->dir = mf_tempdir_new ();
  self->fake = mf_fake_new (WITHOUT_NOTIFY);
  self->log = mf_event_log_new ();
  self->options = (MfCacheOptions){ .state_dir = self->dir, .cache_dir = self->dir,
                                    .cache_size = 1 << 20, .poll_s = 3600,
                                    .connections = GPOINTER_TO_UINT (data) };
  for (guint i = 0; i < N_FOLDERS; i++)
    {
      if (i > 0)
        mf_fake_create (self->fake, names[i]);
      mf_fake_fill (self->fake, names[i], 10 * i + 1);
    }
  self->cache = mf_cache_open (&self->options, &mf_fake_ops, mf_fake_account (self->fake),
                               mf_event_log_func, self->log, &error);
  g_assert_no_error (error);
  g_assert_true (mf_cache_start (self->cache, &online, &why, NULL, &error));
  g_assert_true (online);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  mf_cache_stop (self->cache);
  mf_cache_close (self->cache);
  mf_event_log_free (self->log);
  mf_fake_free (self->fake);
  mf_tempdir_free (self->dir);
}

/* ---- helpers ---------------------------------------------------------- */

static void
list (Fixture *self, guint i)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (MfPatience) patience = mf_patience_new ();

  g_assert_true (mf_cache_folder_child (self->cache, MF_FOLDER_ROOT, names[i], &folder, NULL));
  if (mf_cache_want_folder (self->cache, folder.id, mf_patience_done, patience))
    g_assert_cmpint (mf_patience_code (patience), ==, -1);
}

static void
assert_watched (Fixture *self, guint i)
{
  guint32 uid = mf_fake_append (self->fake, names[i], "Subject: new\r\n\r\n", 0, NULL);
  g_autofree char *words = g_strdup_printf ("added %u", uid);

  g_assert_true (mf_event_log_wait (self->log, words));
}

static void
wait_for_idles (Fixture *self, guint n)
{
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, n));
}

static gboolean
is_online (Fixture *self)
{
  g_auto (MfStatus) status = { 0 };

  mf_cache_status (self->cache, &status);
  return status.online;
}

static void
wait_online (Fixture *self, gboolean online)
{
  while (is_online (self) != online)
    g_assert_true (mf_event_log_wait (self->log, "state"));
}

/* ---- tests ------------------------------------------------------------ */

static void
test_used_last (Fixture *self, gconstpointer data)
{
  list (self, 1);
  wait_for_idles (self, 2);
  assert_watched (self, 1);
  list (self, 0);
  list (self, 2);
  assert_watched (self, 2);
  assert_watched (self, 0);
  g_assert_cmpuint (mf_fake_n_sessions (self->fake), <=, 3);
}

static void
test_all_in_use (Fixture *self, gconstpointer data)
{
  for (guint i = 1; i < N_FOLDERS; i++)
    list (self, i);
  wait_for_idles (self, N_FOLDERS);
  for (guint i = 1; i < N_FOLDERS; i++)
    assert_watched (self, i);
  g_assert_cmpuint (mf_fake_n_sessions (self->fake), ==, GPOINTER_TO_UINT (data));
}

static void
flag (Fixture *self, guint i, guint32 uid)
{
  g_auto (MfFolder) folder = { 0 };
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (mf_cache_folder_child (self->cache, MF_FOLDER_ROOT, names[i], &folder, NULL));
  g_assert_true (mf_cache_message_by_uid (self->cache, folder.id, uid, &message, NULL));
  mf_cache_set_flags (self->cache, &message, MF_FLAG_FLAGGED, NULL, &error);
  g_assert_no_error (error);
}

/* The worker's session knows of the change already, and will not be told. */
static void
test_lent_in_the_same_folder (Fixture *self, gconstpointer data)
{
  list (self, 1);
  list (self, 2);
  wait_for_idles (self, 2);
  mf_fake_set_flags (self->fake, names[1], 1, MF_FLAG_SEEN, NULL);
  flag (self, 1, 2);
  while (mf_fake_count (self->fake, MF_FAKE_STORE) == 0)
    g_usleep (1000);
  list (self, 1);
  g_assert_true (mf_event_log_wait (self->log, "changed 1"));
}

/* The server allows those of the workers alone. */
static void
test_too_many (Fixture *self, gconstpointer data)
{
  wait_for_idles (self, 1);
  while (mf_fake_n_sessions (self->fake) < 4)
    g_usleep (1000);
  g_free (mf_event_log_take (self->log));
  mf_fake_fail (self->fake, MF_FAKE_OPEN, MF_REMOTE_ERROR_BUSY, 1);
  for (guint i = 1; i < N_FOLDERS; i++)
    list (self, i);
  wait_for_idles (self, 3);
  g_assert_cmpuint (mf_fake_n_sessions (self->fake), ==, 4);
  g_assert_true (is_online (self));
  g_autofree char *news = mf_event_log_take (self->log);
  g_assert_null (strstr (news, "state"));
}

static void
test_lost (Fixture *self, gconstpointer data)
{
  list (self, 1);
  list (self, 2);
  wait_for_idles (self, 3);
  mf_fake_set_online (self->fake, FALSE);
  wait_online (self, FALSE);
  mf_fake_append (self->fake, names[1], "Subject: meanwhile\r\n\r\n", 0, NULL);
  mf_fake_set_online (self->fake, TRUE);
  wait_online (self, TRUE);
  wait_for_idles (self, 3);
  assert_watched (self, 1);
  assert_watched (self, 2);
}

static void
test_unwanted (Fixture *self, gconstpointer data)
{
  list (self, 1);
  list (self, 2);
  wait_for_idles (self, 3);
  mf_cache_go_offline (self->cache);
  while (mf_fake_n_sessions (self->fake) > 0)
    g_usleep (1000);
  mf_cache_go_online (self->cache);
  wait_for_idles (self, 3);
  assert_watched (self, 1);
  assert_watched (self, 2);
}

static void
test_announced (Fixture *self, gconstpointer data)
{
  wait_for_idles (self, 1);
  mf_fake_set_caps (self->fake, WITHOUT_NOTIFY | MF_CAP_NOTIFY);
  list (self, 1);
  list (self, 2);
  wait_for_idles (self, 3);
  mf_fake_cut (self->fake);
  while (mf_fake_count (self->fake, MF_FAKE_ANNOUNCE) == 0)
    g_usleep (1000);
  wait_for_idles (self, 1);
  assert_watched (self, 1);
  while (mf_fake_n_sessions (self->fake) > 4)
    g_usleep (1000);
}

#define ADD(path, sessions, func) \
  g_test_add ("/lookouts/" path, Fixture, GUINT_TO_POINTER (sessions), set_up, func, tear_down)

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
