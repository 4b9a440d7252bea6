#include "fs/flagwords.h"

static void
assert_becomes (MfFlags flags, const char *keywords, const char *text, const char *printed)
{
  g_autofree char *words = g_strdup (keywords);
  g_autofree char *result = NULL;

  g_assert_true (mf_flagwords_apply (text, &flags, &words));
  result = mf_flagwords_print (flags, words);
  g_assert_cmpstr (result, ==, printed);
}

static void
test_plain_words_are_all_that_there_is (void)
{
  assert_becomes (MF_FLAG_SEEN | MF_FLAG_DRAFT, "old", "\\Flagged Junk", "\\Flagged Junk");
  assert_becomes (MF_FLAG_SEEN, "old", "", "");
  assert_becomes (0, NULL, "  $Forwarded\t\\Seen\n", "\\Seen $Forwarded");
}

static void
test_signed_words_change_what_there_is (void)
{
  assert_becomes (MF_FLAG_SEEN, "work", "+\\Flagged", "\\Seen \\Flagged work");
  assert_becomes (MF_FLAG_SEEN, "work old", "-\\Seen -work +new", "old new");
  assert_becomes (MF_FLAG_SEEN, NULL, "-\\Answered -other", "\\Seen");
}

static void
test_case_makes_no_difference (void)
{
  assert_becomes (0, "Junk", "+\\SEEN -jUNK", "\\Seen");
  assert_becomes (0, "Junk", "+junk", "junk");
}

static void
test_words_that_are_none_change_nothing (void)
{
  static const char *const bad[]
      = { "\\Recent", "\\*", "a(b", "a\"b", "+", "+\\Seen work", "\\Seen {3}", "w\xc3\xb6rk" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *words = g_strdup ("old");
      MfFlags flags = MF_FLAG_DRAFT;

      g_assert_false (mf_flagwords_apply (bad[i], &flags, &words));
      g_assert_cmpint (flags, ==, MF_FLAG_DRAFT);
      g_assert_cmpstr (words, ==, "old");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flagwords/plain-words-are-all-that-there-is",
                   test_plain_words_are_all_that_there_is);
  g_test_add_func ("/flagwords/signed-words-change-what-there-is",
                   test_signed_words_change_what_there_is);
  g_test_add_func ("/flagwords/case-makes-no-difference", test_case_makes_no_difference);
  g_test_add_func ("/flagwords/words-that-are-none-change-nothing",
                   test_words_that_are_none_change_nothing);
  return g_test_run ();
}
