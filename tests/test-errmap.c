#include "fs/errmap.h"

#include "cache/cache.h"

#include <errno.h>

static void
test_each_code_has_its_errno (void)
{
  const struct
  {
    MfCacheError code;
    int number;
  } table[] = {
    { MF_CACHE_ERROR_OFFLINE, EHOSTDOWN },   { MF_CACHE_ERROR_AUTH, EACCES },
    { MF_CACHE_ERROR_NOT_FOUND, ENOENT },    { MF_CACHE_ERROR_EXISTS, EEXIST },
    { MF_CACHE_ERROR_NOT_EMPTY, ENOTEMPTY }, { MF_CACHE_ERROR_DENIED, EACCES },
    { MF_CACHE_ERROR_READ_ONLY, EROFS },     { MF_CACHE_ERROR_QUOTA, EDQUOT },
    { MF_CACHE_ERROR_FULL, ENOSPC },         { MF_CACHE_ERROR_INVALID, EINVAL },
    { MF_CACHE_ERROR_UNSUPPORTED, EPERM },   { MF_CACHE_ERROR_BUSY, EBUSY },
    { MF_CACHE_ERROR_CORRUPT, EIO },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (MF_CACHE_ERROR, table[i].code, "x");

      g_assert_cmpint (mf_errmap_errno (error), ==, table[i].number);
    }
}

static void
test_strange_errors_are_io_errors (void)
{
  g_autoptr (GError) strange = g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");
  g_autoptr (GError) code = g_error_new_literal (MF_CACHE_ERROR, 4711, "x");

  g_assert_cmpint (mf_errmap_errno (strange), ==, EIO);
  g_assert_cmpint (mf_errmap_errno (code), ==, EIO);
}

static void
test_cancelled_is_interrupted (void)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "x");

  g_assert_cmpint (mf_errmap_errno (error), ==, EINTR);
}

static guint n_lines;

static GLogWriterOutput
count_lines (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  n_lines += (level & G_LOG_LEVEL_WARNING) != 0;
  return G_LOG_WRITER_HANDLED;
}

static void
test_ordinary_answers_are_not_logged (void)
{
  g_autoptr (GError) missing = g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "x");
  g_autoptr (GError) offline = g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE, "x");
  g_autoptr (GError) denied = g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_DENIED, "x");

  g_assert_cmpint (mf_errmap_report (missing, "open"), ==, ENOENT);
  g_assert_cmpint (mf_errmap_report (offline, "open"), ==, EHOSTDOWN);
  g_assert_cmpuint (n_lines, ==, 0);
  g_assert_cmpint (mf_errmap_report (denied, "open"), ==, EACCES);
  g_assert_cmpuint (n_lines, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (count_lines, NULL, NULL);
  g_test_add_func ("/errmap/each-code-has-its-errno", test_each_code_has_its_errno);
  g_test_add_func ("/errmap/strange-errors-are-io-errors", test_strange_errors_are_io_errors);
  g_test_add_func ("/errmap/cancelled-is-interrupted", test_cancelled_is_interrupted);
  g_test_add_func ("/errmap/ordinary-answers-are-not-logged", test_ordinary_answers_are_not_logged);
  return g_test_run ();
}
