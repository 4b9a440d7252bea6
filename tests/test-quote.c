#include "proto/quote.h"

#include <string.h>

static void
test_quoted (void)
{
  g_autoptr (GString) line = g_string_new ("SELECT ");

  g_assert_true (mf_quote_append (line, "a\"b\\c d", NULL));
  g_assert_cmpstr (line->str, ==, "SELECT \"a\\\"b\\\\c d\"");
}

static void
test_line_ends (void)
{
  const char *const bad[] = { "a\r\nA2 DELETE INBOX", "a\nb", "a\rb" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GString) line = g_string_new (NULL);
      g_autoptr (GError) error = NULL;

      g_assert_false (mf_quote_append (line, bad[i], &error));
      g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_INVALID);
    }
}

static void
test_flags (void)
{
  g_autoptr (GString) line = g_string_new (NULL);

  mf_quote_append_flags (line, MF_FLAG_SEEN | MF_FLAG_FORWARDED, "Junk  x:y");
  g_assert_cmpstr (line->str, ==, "(\\Seen $Forwarded Junk x:y)");
  g_string_truncate (line, 0);
  mf_quote_append_flags (line, 0, NULL);
  g_assert_cmpstr (line->str, ==, "()");
}

static void
test_bad_keywords (void)
{
  const char *const bad[] = { "a)", "\\Seen", "a\"b", "gr\xc3\xbcn", "a\r\nb", "a]", "%" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *among = g_strdup_printf ("a %s b", bad[i]);
      g_autoptr (GString) line = g_string_new (NULL);
      g_autoptr (GError) error = NULL;

      g_assert_false (mf_quote_check_keywords (among, &error));
      g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_INVALID);
      mf_quote_append_flags (line, 0, among);
      g_assert_cmpstr (line->str, ==, "(a b)");
    }
}

static void
test_names (void)
{
  g_assert_cmpint (mf_quote_flag ("\\sEEN", 5), ==, MF_FLAG_SEEN);
  g_assert_cmpint (mf_quote_flag ("$forwarded", 10), ==, MF_FLAG_FORWARDED);
  g_assert_cmpint (mf_quote_flag ("\\Recent", 7), ==, 0);
  g_assert_cmpint (mf_quote_flag ("Seen", 4), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quote/specials-are-escaped", test_quoted);
  g_test_add_func ("/quote/no-line-end-gets-into-a-command", test_line_ends);
  g_test_add_func ("/quote/flag-list", test_flags);
  g_test_add_func ("/quote/keywords-are-atoms", test_bad_keywords);
  g_test_add_func ("/quote/flags-have-no-case", test_names);
  return g_test_run ();
}
