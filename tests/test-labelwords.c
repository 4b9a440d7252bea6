#include "fs/labelwords.h"

static void
assert_becomes (const char *labels, const char *text, const char *result)
{
  g_autofree char *words = g_strdup (labels);

  g_assert_true (mf_labelwords_apply (text, &words));
  g_assert_cmpstr (words, ==, result);
}

static void
test_plain_words_are_all_that_there_are (void)
{
  assert_becomes ("old", "Work \\Starred", "Work \\Starred");
  assert_becomes ("old", "", "");
  assert_becomes ("", " \"to do\"\tb\xc3\xbcro\n", "\"to do\" b\xc3\xbcro");
}

static void
test_signed_words_change_what_there_is (void)
{
  assert_becomes ("\\Inbox \"to do\" old", "-\"To Do\" +\"a \\\"b\\\\\"", "\\Inbox old \"a \\\"b\\\\\"");
  assert_becomes ("\"a \\\"b\\\\\"", "-\"a \\\"b\\\\\" +\"plain\"", "plain");
  assert_becomes ("old", "+old -new", "old");
}

static void
test_words_that_are_none_change_nothing (void)
{
  static const char *const bad[] = { "+", "+a b", "\"a", "\"\"", "a\001", "\"a\nb\"", "\xff" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *words = g_strdup ("old");

      g_assert_false (mf_labelwords_apply (bad[i], &words));
      g_assert_cmpstr (words, ==, "old");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/labelwords/plain-words-are-all-that-there-are",
                   test_plain_words_are_all_that_there_are);
  g_test_add_func ("/labelwords/signed-words-change-what-there-is",
                   test_signed_words_change_what_there_is);
  g_test_add_func ("/labelwords/words-that-are-none-change-nothing",
                   test_words_that_are_none_change_nothing);
  return g_test_run ();
}
