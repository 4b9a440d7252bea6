#include "fs/hint.h"

static void
test_a_hint_is_there_until_cleared (void)
{
  g_autoptr (MfHints) hints = mf_hints_new ();
  const MfMsgId ids[] = { 1, 31, 32, 33, 1000000 };

  g_assert_false (mf_hints_has (hints, 5000000));
  mf_hints_clear (hints, 5000000);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    mf_hints_set (hints, ids[i]);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_assert_true (mf_hints_has (hints, ids[i]));
      mf_hints_clear (hints, ids[i]);
      g_assert_false (mf_hints_has (hints, ids[i]));
    }
  g_assert_false (mf_hints_has (hints, 2));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hint/a-hint-is-there-until-cleared", test_a_hint_is_there_until_cleared);
  return g_test_run ();
}
