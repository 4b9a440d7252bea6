#include "fs/opened.h"

static MfOpened *opened;

/* As those do that are freed by a RELEASE as well. */
static void
end (gpointer handle)
{
  mf_opened_remove (opened, handle);
  ++*(int *) handle;
}

static void
test_end (void)
{
  int ended[3] = { 0 };

  opened = mf_opened_new ();
  for (int i = 0; i < 3; i++)
    mf_opened_add (opened, &ended[i], end);
  mf_opened_remove (opened, &ended[1]);
  for (int i = 0; i < 2; i++)
    mf_opened_end (opened);
  g_assert_cmpint (ended[0], ==, 1);
  g_assert_cmpint (ended[1], ==, 0);
  g_assert_cmpint (ended[2], ==, 1);
  mf_opened_free (opened);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/opened/what is not released is ended once", test_end);
  return g_test_run ();
}
