/* Whatever dies, and wherever: in the end each change is on the server once.
 *
 * All deeds are done, and a life is stopped at each of its steps: while they are
 * done, and while they are sent.  Then the next life goes on, and what comes of it
 * is what comes of a life that nothing stopped. */
#include "tests/deeds.h"
#include "tests/event-log.h"
#include "tests/patience.h"
#include "tests/steps.h"
#include "tests/tempdir.h"

#define SYNC (MF_CAP_CONDSTORE | MF_CAP_QRESYNC)
#define FULL (SYNC | MF_CAP_UIDPLUS | MF_CAP_MOVE | MF_CAP_MULTIAPPEND)

/* ---- one life --------------------------------------------------------- */

typedef struct
{
  char *state_dir, *cache_dir;
  MfEventLog *log;
  MfCacheOptions options;
  MfCache *cache;
} Life;

static void
life_init (Life *self, MfFake *fake, const char *dir)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  gboolean online = FALSE;

  self->state_dir = g_build_filename (dir, "state", NULL);
  self->cache_dir = g_build_filename (dir, "cache", NULL);
  self->log = mf_event_log_new ();
  self->options = (MfCacheOptions){ .state_dir = self->state_dir,
                                    .cache_dir = self->cache_dir,
                                    .cache_size = 100 * 1024 * 1024,
                                    .poll_s = 3600,
                                    .drain_s = 20,
                                    .delete_guard = 1000 };
  self->cache = mf_cache_open (&self->options, &mf_fake_ops, mf_fake_account (fake),
                               mf_event_log_func, self->log, &error);
  g_assert_no_error (error);
  mf_cache_start (self->cache, &online, &why, NULL, &error);
  g_assert_no_error (error);
}

/* Drains first. */
static void
life_clear (Life *self)
{
  mf_cache_stop (self->cache);
  mf_cache_close (self->cache);
  mf_event_log_free (self->log);
  g_free (self->cache_dir);
  g_free (self->state_dir);
}

/* ---- before and after ------------------------------------------------- */

typedef struct
{
  char *dir;
  char *before;       /* an account that is known whole */
  char *pending;      /* the same with all deeds done, and nothing sent */
  char *now, *next;   /* of this life, and of the one after it */
  char **after;       /* what is seen after so many deeds */
  char *seen, *names; /* and after all of them */
  MfFake *fake;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  Life life = { 0 };

  self->dir = mf_tempdir_new ();
  self->before = g_build_filename (self->dir, "before", NULL);
  self->pending = g_build_filename (self->dir, "pending", NULL);
  self->now = g_build_filename (self->dir, "now", NULL);
  self->next = g_build_filename (self->dir, "next", NULL);
  self->fake = mf_deeds_server ((MfCaps)GPOINTER_TO_UINT (data));
  life_init (&life, self->fake, self->before);
  mf_deeds_learn (life.cache);
  life_clear (&life);
  mf_fake_set_online (self->fake, FALSE);
  mf_steps_copy_dir (self->before, self->pending);
  life_init (&life, self->fake, self->pending);
  self->after = g_new0 (char *, mf_n_deeds + 2);
  self->after[0] = mf_deeds_seen (life.cache);
  for (guint i = 0; i < mf_n_deeds; i++)
    {
      mf_deeds[i].run (life.cache);
      self->after[i + 1] = mf_deeds_seen (life.cache);
    }
  self->seen = self->after[mf_n_deeds];
  self->names = mf_deeds_names (life.cache);
  life_clear (&life);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  mf_fake_free (self->fake);
  g_free (self->names);
  g_strfreev (self->after);
  g_free (self->next);
  g_free (self->now);
  g_free (self->pending);
  g_free (self->before);
  mf_tempdir_free (self->dir);
}

/* A server and a state as they were. */
static void
begin_anew (Fixture *self, gconstpointer data, const char *from)
{
  mf_fake_free (self->fake);
  self->fake = mf_deeds_server ((MfCaps)GPOINTER_TO_UINT (data));
  mf_tempdir_clear (self->now);
  mf_tempdir_clear (self->next);
  mf_steps_copy_dir (from, self->now);
}

/* ---- what must come of it --------------------------------------------- */

static gboolean
is_pending (MfCache *cache, gboolean *out_online)
{
  g_auto (MfStatus) status = { 0 };

  mf_cache_status (cache, &status);
  g_assert_cmpuint (status.failed, ==, 0);
  *out_online = status.online;
  return status.pending > 0;
}

/* Until nothing is left to be told, through losses of the connection. */
static void
push (Life *self)
{
  gboolean online = FALSE;

  while (is_pending (self->cache, &online))
    {
      g_autoptr (MfPatience) patience = mf_patience_new ();
      mf_cache_go_online (self->cache);
      if (!online)
        g_assert_true (mf_event_log_wait (self->log, "state"));
      else if (mf_cache_want_pushed (self->cache, mf_patience_done, patience))
        mf_patience_wait (patience, 1);
    }
}

/* News of the server may still be on its way into the index. */
static void
assert_seen (Fixture *self, Life *life)
{
  g_autofree char *seen = NULL;
  guint count = 0;

  do
    {
      g_free (seen);
      count = mf_event_log_count (life->log);
      seen = mf_deeds_seen (life->cache);
    }
  while (g_strcmp0 (seen, self->seen) != 0 && mf_event_log_wait_more (life->log, count));
  g_assert_cmpstr (seen, ==, self->seen);
}

static guint
n_changes (MfFake *fake)
{
  guint n = 0;

  for (MfFakeOp op = MF_FAKE_STORE; op <= MF_FAKE_SUBSCRIBE; op++)
    n += mf_fake_count (fake, op);
  return n;
}

static void
assert_done (Fixture *self, const char *dir)
{
  g_autofree char *on_server = NULL;
  g_autofree char *names = NULL;
  gboolean online = FALSE;
  Life life = { 0 };

  mf_fake_reset_counts (self->fake);
  life_init (&life, self->fake, dir);
  assert_seen (self, &life);
  names = mf_deeds_names (life.cache);
  g_assert_cmpstr (names, ==, self->names);
  g_assert_false (is_pending (life.cache, &online));
  life_clear (&life);
  g_assert_cmpuint (n_changes (self->fake), ==, 0);
  on_server = mf_deeds_on_server (self->fake);
  g_assert_cmpstr (on_server, ==, self->seen);
}

static void
finish (Fixture *self, const char *dir)
{
  Life life = { 0 };

  mf_fake_set_online (self->fake, TRUE);
  life_init (&life, self->fake, dir);
  push (&life);
  mf_deeds_learn (life.cache);
  life_clear (&life);
  assert_done (self, dir);
}

/* ---- the tests -------------------------------------------------------- */

static void
test_undisturbed (Fixture *self, gconstpointer data)
{
  begin_anew (self, data, self->pending);
  finish (self, self->now);
}

/* One life up to step @at; FALSE: it came to its end before. */
typedef gboolean (*Attempt) (Fixture *self, gconstpointer data, guint at);

/* With -m slow at every step; else at a part of them, others with each server. */
static void
try_each (Fixture *self, gconstpointer data, Attempt attempt)
{
  guint stride = g_test_slow () ? 1 : 5;
  guint at = 1 + GPOINTER_TO_UINT (data) % stride;

  while (attempt (self, data, at))
    at += stride;
  g_test_message ("up to step %u", at);
}

static gboolean
kill_sending (Fixture *self, gconstpointer data, guint at)
{
  Life life = { 0 };

  begin_anew (self, data, self->pending);
  MfSteps *steps = mf_steps_new (self->fake, at, self->now, self->next);
  life_init (&life, self->fake, self->now);
  life_clear (&life);
  gboolean killed = mf_steps_were_taken (steps);
  mf_steps_free (steps);
  finish (self, killed ? self->next : self->now);
  return killed;
}

static void
test_kill_sending (Fixture *self, gconstpointer data)
{
  try_each (self, data, kill_sending);
}

/* The connection is lost there; the process lives on. */
static gboolean
cut (Fixture *self, gconstpointer data, guint at)
{
  Life life = { 0 };

  begin_anew (self, data, self->pending);
  MfSteps *steps = mf_steps_new (self->fake, at, NULL, NULL);
  life_init (&life, self->fake, self->now);
  push (&life);
  mf_deeds_learn (life.cache);
  life_clear (&life);
  gboolean lost = mf_steps_were_taken (steps);
  mf_steps_free (steps);
  assert_done (self, self->now);
  return lost;
}

static void
test_cut (Fixture *self, gconstpointer data)
{
  try_each (self, data, cut);
}

/* Goes on with the deeds from the first that was not done.  What was being done is
 * whole or not at all; what is not seen can be done again. */
static void
do_the_rest (Fixture *self, MfCache *cache, guint done)
{
  g_autofree char *now = mf_deeds_seen (cache);

  if (done > 0 && g_strcmp0 (now, self->after[done]) != 0)
    done--;
  g_assert_cmpstr (now, ==, self->after[done]);
  while (done > 0 && g_str_equal (self->after[done], self->after[done - 1]))
    done--;
  while (done < mf_n_deeds)
    mf_deeds[done++].run (cache);
}

static gboolean
kill_doing (Fixture *self, gconstpointer data, guint at)
{
  Life life = { 0 };
  guint done = 0;

  begin_anew (self, data, self->before);
  mf_fake_set_online (self->fake, FALSE);
  MfSteps *steps = mf_steps_new (self->fake, at, self->now, self->next);
  life_init (&life, self->fake, self->now);
  while (done < mf_n_deeds && !mf_steps_were_taken (steps))
    mf_deeds[done++].run (life.cache);
  life_clear (&life);
  gboolean killed = mf_steps_were_taken (steps);
  mf_steps_free (steps);

  life_init (&life, self->fake, killed ? self->next : self->now);
  do_the_rest (self, life.cache, done);
  life_clear (&life);
  finish (self, killed ? self->next : self->now);
  return killed;
}

static void
test_kill_doing (Fixture *self, gconstpointer data)
{
  try_each (self, data, kill_doing);
}

#define ADD(path, caps, func)                                                                      \
  g_test_add ("/once/" path, Fixture, GUINT_TO_POINTER (caps), set_up, func, tear_down)
#define ADD_ALL(path, func)                                                                        \
  do                                                                                               \
    {                                                                                              \
      ADD (path ", MOVE", FULL, func);                                                             \
      ADD (path ", UIDPLUS", SYNC | MF_CAP_UIDPLUS, func);                                         \
      ADD (path ", MOVE without UIDPLUS", SYNC | MF_CAP_MOVE, func);                               \
      ADD (path ", plain", 0, func);                                                               \
    }                                                                                              \
  while (0)

int
main (int argc, char **argv)
{
  /* Each life ends with the disk's, where there is one. */
  g_setenv ("TMPDIR", "/dev/shm", FALSE);
  g_test_init (&argc, &argv, NULL);
  ADD_ALL ("all that is done is seen here and there", test_undisturbed);
  ADD_ALL ("a kill while changes are sent changes nothing", test_kill_sending);
  ADD ("a loss of the connection changes nothing, MOVE", FULL, test_cut);
  ADD ("a loss of the connection changes nothing, plain", 0, test_cut);
  ADD ("a kill leaves a change whole or undone", FULL, test_kill_doing);
  return g_test_run ();
}
