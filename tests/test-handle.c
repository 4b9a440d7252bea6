#include "fs/handle.h"

/* A worker may be making it while all that is open is ended. */
static void
test_what_is_not_given_yet (void)
{
  g_autoptr (MfOpened) opened = mf_opened_new ();
  MfMount mount = { .opened = opened };
  MfHandle *handle = mf_handle_new_text (&mount, g_string_new ("text"));
  char buffer[8];

  mf_opened_end (opened);
  g_assert_cmpint (mf_handle_read (handle, 0, buffer, sizeof buffer, NULL), ==, 4);
  g_assert_cmpmem (buffer, 4, "text", 4);
  mf_handle_free (handle);
}

static void
test_what_the_kernel_has (void)
{
  g_autoptr (MfOpened) opened = mf_opened_new ();
  MfMount mount = { .opened = opened };
  struct fuse_file_info fi = { 0 };
  MfHandle *handle = mf_handle_new_text (&mount, g_string_new ("text"));

  mf_handle_give (handle, &fi);
  g_assert_true (mf_handle_of (&fi) == handle);
  mf_opened_end (opened); /* that it is freed is the sanitizer's to see */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/handle/the end leaves what is not given to the kernel yet",
                   test_what_is_not_given_yet);
  g_test_add_func ("/handle/the end frees what the kernel has", test_what_the_kernel_has);
  return g_test_run ();
}
