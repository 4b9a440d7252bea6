#include "fs/idset.h"

static void
test_an_id_is_there_until_cleared (void)
{
  g_autoptr (MfIdSet) set = mf_idset_new ();
  const MfMsgId ids[] = { 1, 31, 32, 33, 1000000 };

  g_assert_false (mf_idset_has (set, 5000000));
  mf_idset_clear (set, 5000000);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    g_assert_true (mf_idset_set (set, ids[i]));
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_assert_true (mf_idset_has (set, ids[i]));
      g_assert_false (mf_idset_set (set, ids[i]));
      mf_idset_clear (set, ids[i]);
      g_assert_false (mf_idset_has (set, ids[i]));
    }
  g_assert_false (mf_idset_has (set, 2));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/idset/an-id-is-there-until-cleared", test_an_id_is_there_until_cleared);
  return g_test_run ();
}
