#include "cache/waiters.h"

typedef struct
{
  guint calls;
  const GError *error;
} Tally;

static void
count (const GError *error, gpointer user_data)
{
  Tally *tally = user_data;

  tally->calls++;
  tally->error = error;
}

static void
test_first_is_told (void)
{
  g_autoptr (MfWaiters) waiters = mf_waiters_new ();
  Tally tally = { 0 };

  g_assert_true (mf_waiters_add (waiters, 7, count, &tally));
  g_assert_false (mf_waiters_add (waiters, 7, count, &tally));
  g_assert_true (mf_waiters_add (waiters, 8, count, &tally));
  g_assert_true (mf_waiters_has (waiters, 7));
  g_assert_false (mf_waiters_has (waiters, 9));
  g_assert_cmpuint (mf_waiters_count (waiters), ==, 2);
}

static void
test_each_is_called_once (void)
{
  g_autoptr (MfWaiters) waiters = mf_waiters_new ();
  g_autoptr (GError) error = g_error_new (MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE, "away");
  Tally seven[3] = { 0 }, eight = { 0 };

  for (int i = 0; i < 3; i++)
    mf_waiters_add (waiters, 7, count, &seven[i]);
  mf_waiters_add (waiters, 8, count, &eight);
  mf_waiters_call (mf_waiters_take (waiters, 7), error);
  mf_waiters_call (mf_waiters_take (waiters, 7), error);
  for (int i = 0; i < 3; i++)
    {
      g_assert_cmpuint (seven[i].calls, ==, 1);
      g_assert_true (seven[i].error == error);
    }
  g_assert_cmpuint (eight.calls, ==, 0);
  g_assert_true (mf_waiters_add (waiters, 7, count, &seven[0]));
}

static void
test_all_are_called_once (void)
{
  g_autoptr (MfWaiters) waiters = mf_waiters_new ();
  Tally tallies[100] = { 0 };

  for (int i = 0; i < 100; i++)
    mf_waiters_add (waiters, i % 10, count, &tallies[i]);
  mf_waiters_call (mf_waiters_take_all (waiters), NULL);
  mf_waiters_call (mf_waiters_take_all (waiters), NULL);
  for (int i = 0; i < 100; i++)
    g_assert_cmpuint (tallies[i].calls, ==, 1);
  g_assert_cmpuint (mf_waiters_count (waiters), ==, 0);
}

static void
test_nobody_waits (void)
{
  g_autoptr (MfWaiters) waiters = mf_waiters_new ();

  g_assert_null (mf_waiters_take (waiters, 1));
  mf_waiters_call (NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/waiters/the first for an id is told that it is", test_first_is_told);
  g_test_add_func ("/waiters/each for an id is called exactly once", test_each_is_called_once);
  g_test_add_func ("/waiters/all are called exactly once", test_all_are_called_once);
  g_test_add_func ("/waiters/nobody waiting is no error", test_nobody_waits);
  return g_test_run ();
}
