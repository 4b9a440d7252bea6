/* Workers that share one session: nobody waits for ever. */
#include "cache/account.h"
#include "cache/cache.h"

#include "tests/check.h"
#include "tests/door.h"
#include "tests/patience.h"

#define SELECT_US (20 * 1000)

/* A server that takes its time to open a mailbox. */
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
set_up (MfDoor *door, gconstpointer data)
{
  mf_door_init (door, MF_DOOR_FULL);
  door->ops.select = select_slowly;
  door->options.prefetch = MF_PREFETCH_ALL;
  door->options.connections = GPOINTER_TO_UINT (data);
  mf_fake_create (door->fake, "other");
  mf_fake_fill (door->fake, "INBOX", 10);
  mf_fake_fill (door->fake, "other", 3000);
  mf_fake_hold (door->fake, MF_FAKE_BODIES);
  mf_door_start (door);
}

/* While the back worker fetches thousands of another folder, or of the same. */
static void
test_a_body_comes (MfDoor *door, const char *folder)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();
  MfLink *shared = door->cache->engine->links[MF_WORKER_FRONT];

  mf_door_list (door, "INBOX");
  mf_door_list (door, "other");
  g_assert_true (mf_fake_wait_held (door->fake, MF_FAKE_BODIES, 1));
  g_assert_true (mf_cache_want_body (door->cache, mf_door_find_uid (door, folder, 5),
                                     mf_patience_done, patience));
  mf_check_soon (mf_link_is_awaited (shared));
  mf_fake_release (door->fake, MF_FAKE_BODIES);
  mf_patience_wait (patience, 1);
}

static void
test_a_body_of_another_folder (MfDoor *door, gconstpointer data)
{
  test_a_body_comes (door, "INBOX");
}

static void
test_a_body_of_the_same_folder (MfDoor *door, gconstpointer data)
{
  test_a_body_comes (door, "other");
}

#define ADD(path, connections, func)                                                              \
  g_test_add ("/sharing/" path, MfDoor, GUINT_TO_POINTER (connections), set_up, func,             \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a body of another folder comes, of one session", 1, test_a_body_of_another_folder);
  ADD ("a body of another folder comes, of three sessions", 3, test_a_body_of_another_folder);
  ADD ("a body of the same folder comes, of one session", 1, test_a_body_of_the_same_folder);
  return g_test_run ();
}
