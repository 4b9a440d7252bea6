#include "cache/guard.h"

#define LIMIT 10

/* The last answer. */
static gboolean
remove_many (MfGuard *guard, guint n, gint64 from_s)
{
  gboolean held = FALSE;

  for (guint i = 0; i < n; i++)
    held = mf_guard_count (guard, from_s * G_USEC_PER_SEC + i);
  return held;
}

static void
test_minute (void)
{
  MfGuard *guard = mf_guard_new (LIMIT);

  g_assert_false (remove_many (guard, 1, 100));
  g_assert_false (remove_many (guard, LIMIT - 1, 159));
  g_assert_false (remove_many (guard, 1, 161));
  g_assert_true (remove_many (guard, 1, 162));
  mf_guard_free (guard);
}

static void
test_slow (void)
{
  MfGuard *guard = mf_guard_new (LIMIT);

  for (gint64 minute = 0; minute < 10; minute++)
    g_assert_false (remove_many (guard, LIMIT, 61 * minute));
  mf_guard_free (guard);
}

static void
test_until_reset (void)
{
  MfGuard *guard = mf_guard_new (LIMIT);

  g_assert_true (remove_many (guard, LIMIT + 1, 0));
  g_assert_true (remove_many (guard, 1, 1000));
  mf_guard_reset (guard);
  g_assert_false (remove_many (guard, LIMIT, 1000));
  mf_guard_free (guard);
}

static void
test_no_limit (void)
{
  MfGuard *guard = mf_guard_new (0);

  g_assert_false (remove_many (guard, 10000, 0));
  mf_guard_free (guard);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guard/a-minute-begins-anywhere", test_minute);
  g_test_add_func ("/guard/what-goes-slowly-is-meant", test_slow);
  g_test_add_func ("/guard/holds-until-it-is-reset", test_until_reset);
  g_test_add_func ("/guard/no-limit-holds-nothing", test_no_limit);
  return g_test_run ();
}
