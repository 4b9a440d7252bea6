/* Workers that share one session: nobody waits for ever. */
#include "cache/account.h"
#include "cache/cache.h"

#include "tests/event-log.h"
#include "tests/fake-remote.h"
#include "tests/patience.h"
#include "tests/tempdir.h"

#define CAPS (MF_CAP_CONDSTORE | MF_CAP_QRESYNC | MF_CAP_IDLE | MF_CAP_UIDPLUS | MF_CAP_MOVE)
#define SELECT_US (20 * 1000)

typedef struct
{
  char *dir, *state_dir, *cache_dir;
  MfFake *fake;
  MfEventLog *log;
  MfCacheOptions options;
  MfRemoteOps ops; /* of a server that takes its time to open a mailbox */
  MfCache *cache;
} Fixture;

static gboolean
select_slowly (MfRemote *self, const char *mailbox, gboolean read_only,
               const MfMailboxStatus *known, const MfChangeSink *sink, gpointer user_data,
               MfMailboxStatus *out_status, gboolean *out_resynced, GCancellable *cancellable,
               GError **error)
{
  g_usleep (SELECT_US);
  return mf_fake_ops.select (self, mailbox, read_only, known, sink, user_data, out_status,
                             out_resynced, cancellable, error);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  gboolean online = FALSE;

  self->dir = mf_tempdir_new ();
  self->state_dir = g_build_filename (self->dir, "state", NULL);
  self->cache_dir = g_build_filename (self->dir, "cache", NULL);
  self->fake = mf_fake_new (CAPS);
  self->log = mf_event_log_new ();
  self->ops = mf_fake_ops;
  self->ops.select = select_slowly;
  self->options = (MfCacheOptions){ .state_dir = self->state_dir, .cache_dir = self->cache_dir,
                                    .cache_size = 100 * 1024 * 1024, .poll_s = 3600,
                                    .prefetch = MF_PREFETCH_ALL,
                                    .connections = GPOINTER_TO_UINT (data) };
  mf_fake_create (self->fake, "other");
  mf_fake_fill (self->fake, "INBOX", 10);
  mf_fake_fill (self->fake, "other", 3000);
  mf_fake_hold (self->fake, MF_FAKE_BODIES);
  self->cache = mf_cache_open (&self->options, &self->ops, mf_fake_account (self->fake),
                               mf_event_log_func, self->log, &error);
  g_assert_no_error (error);
  g_assert_true (mf_cache_start (self->cache, &online, &why, NULL, &error));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  mf_cache_stop (self->cache);
  mf_cache_close (self->cache);
  mf_event_log_free (self->log);
  mf_fake_free (self->fake);
  g_free (self->cache_dir);
  g_free (self->state_dir);
  mf_tempdir_free (self->dir);
}

static MfFolderId
list (Fixture *self, const char *name)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (MfPatience) patience = mf_patience_new ();

  g_assert_true (mf_cache_folder_child (self->cache, MF_FOLDER_ROOT, name, &folder, NULL));
  if (mf_cache_want_folder (self->cache, folder.id, mf_patience_done, patience))
    mf_patience_wait (patience, 1);
  return folder.id;
}

/* While the back worker fetches thousands of another folder, or of the same. */
static void
test_a_body_comes (Fixture *self, const char *folder)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();
  g_auto (MfMessage) message = { 0 };
  MfLink *shared = self->cache->engine->links[MF_WORKER_FRONT];

  list (self, "INBOX");
  list (self, "other");
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_BODIES, 1));
  g_assert_true (mf_cache_message_by_uid (self->cache, list (self, folder), 5, &message, NULL));
  g_assert_true (mf_cache_want_body (self->cache, message.id, mf_patience_done, patience));
  while (!mf_link_is_awaited (shared))
    g_usleep (1000);
  mf_fake_release (self->fake, MF_FAKE_BODIES);
  mf_patience_wait (patience, 1);
}

static void
test_a_body_of_another_folder (Fixture *self, gconstpointer data)
{
  test_a_body_comes (self, "INBOX");
}

static void
test_a_body_of_the_same_folder (Fixture *self, gconstpointer data)
{
  test_a_body_comes (self, "other");
}

#define ADD(path, connections, func)                                                              \
  g_test_add ("/sharing/" path, Fixture, GUINT_TO_POINTER (connections), set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a body of another folder comes, of one session", 1, test_a_body_of_another_folder);
  ADD ("a body of another folder comes, of three sessions", 3, test_a_body_of_another_folder);
  ADD ("a body of the same folder comes, of one session", 1, test_a_body_of_the_same_folder);
  return g_test_run ();
}
