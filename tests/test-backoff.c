#include "cache/backoff.h"

static void
test_doubles (void)
{
  guint backoff_ms = 0;

  for (guint expected = 1000; expected < 60000; expected *= 2)
    {
      mf_backoff_next_ms (&backoff_ms, 1000, 60000);
      g_assert_cmpuint (backoff_ms, ==, expected);
    }
  for (guint i = 0; i < 100; i++)
    mf_backoff_next_ms (&backoff_ms, 1000, 60000);
  g_assert_cmpuint (backoff_ms, ==, 60000);
}

static void
test_chance (void)
{
  guint least_ms = G_MAXUINT, most_ms = 0;

  for (guint i = 0; i < 1000; i++)
    {
      guint backoff_ms = 0;
      guint wait_ms = mf_backoff_next_ms (&backoff_ms, 1000, 60000);

      least_ms = MIN (least_ms, wait_ms);
      most_ms = MAX (most_ms, wait_ms);
    }
  g_assert_cmpuint (least_ms, >=, 500);
  g_assert_cmpuint (least_ms, <, 600);
  g_assert_cmpuint (most_ms, <, 1500);
  g_assert_cmpuint (most_ms, >, 1400);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backoff/doubles-up-to-a-limit", test_doubles);
  g_test_add_func ("/backoff/a-part-is-left-to-chance", test_chance);
  return g_test_run ();
}
