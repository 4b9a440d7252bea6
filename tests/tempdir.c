#include "tests/tempdir.h"

#include <glib/gstdio.h>

char *
mf_tempdir_new (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("mailfs-unit-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

void
mf_tempdir_clear (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *inner = g_build_filename (path, name, NULL);
      if (g_file_test (inner, G_FILE_TEST_IS_DIR) && !g_file_test (inner, G_FILE_TEST_IS_SYMLINK))
        mf_tempdir_clear (inner);
      g_remove (inner);
    }
}

void
mf_tempdir_free (char *path)
{
  if (path == NULL)
    return;
  mf_tempdir_clear (path);
  g_rmdir (path);
  g_free (path);
}
