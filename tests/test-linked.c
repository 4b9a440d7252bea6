#include "fs/linked.h"

static void
test_a_name_is_found_until_it_is_removed (void)
{
  g_autoptr (MfLinked) linked = mf_linked_new ();

  mf_linked_add (linked, 3, "x", 17);
  g_assert_cmpint (mf_linked_find (linked, 3, "x"), ==, 17);
  g_assert_true (mf_linked_remove (linked, 3, "x"));
  g_assert_false (mf_linked_remove (linked, 3, "x"));
  g_assert_cmpint (mf_linked_find (linked, 3, "x"), ==, 0);
}

static void
test_folders_have_names_of_their_own (void)
{
  g_autoptr (MfLinked) linked = mf_linked_new ();

  mf_linked_add (linked, 3, "x", 17);
  mf_linked_add (linked, 4, "x", 18);
  g_assert_cmpint (mf_linked_find (linked, 3, "x"), ==, 17);
  g_assert_cmpint (mf_linked_find (linked, 4, "x"), ==, 18);
  g_assert_cmpint (mf_linked_find (linked, 3, "y"), ==, 0);
}

static void
test_every_name_counts (void)
{
  g_autoptr (MfLinked) linked = mf_linked_new ();

  g_assert_cmpuint (mf_linked_count (linked, 17), ==, 0);
  mf_linked_add (linked, 3, "x", 17);
  mf_linked_add (linked, 4, "x", 17);
  mf_linked_add (linked, 4, "y", 18);
  g_assert_cmpuint (mf_linked_count (linked, 17), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/linked/a-name-is-found-until-it-is-removed",
                   test_a_name_is_found_until_it_is_removed);
  g_test_add_func ("/linked/folders-have-names-of-their-own", test_folders_have_names_of_their_own);
  g_test_add_func ("/linked/every-name-counts", test_every_name_counts);
  return g_test_run ();
}
