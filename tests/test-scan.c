#include "proto/scan.h"

#include <string.h>

static MfScan
over (const char *text)
{
  return mf_scan (text, strlen (text));
}

static void
test_number_bounds (void)
{
  MfScan s = over ("4294967295 4294967296 18446744073709551616");
  guint64 n = 0;

  g_assert_true (mf_scan_number (&s, G_MAXUINT32, &n));
  g_assert_cmpuint (n, ==, G_MAXUINT32);
  mf_scan_spaces (&s);
  g_assert_false (mf_scan_number (&s, G_MAXUINT32, &n));
  g_assert_true (mf_scan_number (&s, G_MAXUINT64, &n));
  mf_scan_spaces (&s);
  g_assert_false (mf_scan_number (&s, G_MAXUINT64, &n));
}

static void
test_strings (void)
{
  MfScan s = over ("atom \"a \\\"b\\\\\" {3}\r\nx\"y \"\" NIL");
  const char *const expected[] = { "atom", "a \"b\\", "x\"y", "", "NIL" };

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      g_assert_true (mf_scan_string (&s, out));
      g_assert_cmpstr (out->str, ==, expected[i]);
      mf_scan_spaces (&s);
    }
  g_assert_true (s.at == s.end);
}

static void
test_bad_strings (void)
{
  const char *const bad[]
      = { "\"open", "\"a\rb\"", "{5}\r\nabc", "{99999999999999999999}\r\n", "{3", "", "(a)" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      MfScan s = over (bad[i]);
      g_autoptr (GString) out = g_string_new ("kept");

      g_assert_false (mf_scan_string (&s, out));
      g_assert_true (s.at == bad[i]);
      g_assert_cmpstr (out->str, ==, "kept");
    }
}

static void
test_nul_in_literal (void)
{
  static const char text[] = "{3}\r\na\0b";
  MfScan s = mf_scan (text, sizeof text - 1);
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_false (mf_scan_string (&s, out));
  g_assert_true (mf_scan_skip (&s));
  g_assert_true (s.at == s.end);
}

static void
test_skip (void)
{
  const char *const values[]
      = { "atom", "\"(\"", "()", "(a (b \")\" (c)) {1}\r\n( d)", "~{2}\r\n()" };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      MfScan s = over (values[i]);

      g_assert_true (mf_scan_skip (&s));
      g_assert_true (s.at == s.end);
    }
}

static void
test_skip_depth (void)
{
  enum
  {
    DEPTH = 1000000
  };
  g_autofree char *text = g_malloc (2 * DEPTH);
  MfScan s;

  memset (text, '(', DEPTH);
  memset (text + DEPTH, ')', DEPTH);
  s = mf_scan (text, 2 * DEPTH);
  g_assert_true (mf_scan_skip (&s));
  g_assert_true (s.at == s.end);
  s = mf_scan (text, 2 * DEPTH - 1);
  g_assert_false (mf_scan_skip (&s));
  g_assert_true (s.at == text);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scan/numbers-do-not-wrap", test_number_bounds);
  g_test_add_func ("/scan/all-forms-of-strings", test_strings);
  g_test_add_func ("/scan/bad-strings-leave-everything-as-it-was", test_bad_strings);
  g_test_add_func ("/scan/no-string-with-nul", test_nul_in_literal);
  g_test_add_func ("/scan/skip-passes-one-value", test_skip);
  g_test_add_func ("/scan/skip-takes-any-depth", test_skip_depth);
  return g_test_run ();
}
