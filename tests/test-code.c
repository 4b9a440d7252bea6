#include "proto/code.h"

#include <string.h>

static void
parse (MfCode *code, const char *text)
{
  mf_code_parse (code, mf_scan (text, strlen (text)));
}

static void
test_numbers (void)
{
  static const struct
  {
    const char *text;
    MfCodeKind kind;
    guint64 number;
  } known[] = {
    { "UIDVALIDITY 3857529045", MF_CODE_UIDVALIDITY, 3857529045 },
    { "uidnext 4392", MF_CODE_UIDNEXT, 4392 },
    { "HIGHESTMODSEQ 715194045007", MF_CODE_HIGHESTMODSEQ, G_GUINT64_CONSTANT (715194045007) },
    { "UIDVALIDITY 4294967297", MF_CODE_OTHER, 0 },
    { "UIDVALIDITY 0", MF_CODE_OTHER, 0 },
    { "UIDVALIDITY x", MF_CODE_OTHER, 0 },
    { "UIDVALIDITY", MF_CODE_OTHER, 0 },
    { "HIGHESTMODSEQ 18446744073709551615", MF_CODE_OTHER, 0 },
    { "NEWFANGLED (a b) c", MF_CODE_OTHER, 0 },
    { "", MF_CODE_OTHER, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_auto (MfCode) code = { 0 };

      parse (&code, known[i].text);
      g_assert_cmpint (code.kind, ==, known[i].kind);
      g_assert_cmpuint (code.kind != MF_CODE_OTHER ? code.number : 0, ==, known[i].number);
    }
}

static void
test_words (void)
{
  g_auto (MfCode) capability = { 0 }, flags = { 0 }, none = { 0 };

  parse (&capability, "CAPABILITY IMAP4rev1 LITERAL+ AUTH=SCRAM-SHA-256");
  g_assert_cmpint (capability.kind, ==, MF_CODE_CAPABILITY);
  g_assert_cmpuint (capability.words->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (capability.words, 2), ==, "AUTH=SCRAM-SHA-256");
  parse (&flags, "PERMANENTFLAGS (\\Seen \\*)");
  g_assert_cmpint (flags.kind, ==, MF_CODE_PERMANENTFLAGS);
  g_assert_cmpstr (g_ptr_array_index (flags.words, 1), ==, "\\*");
  parse (&none, "CAPABILITY");
  g_assert_cmpuint (none.words->len, ==, 0);
}

static void
test_ranges (void)
{
  g_auto (MfCode) copy = { 0 }, append = { 0 };

  parse (&copy, "COPYUID 38505 304,319:320 3956,3:2");
  g_assert_cmpint (copy.kind, ==, MF_CODE_COPYUID);
  g_assert_cmpuint (copy.number, ==, 38505);
  g_assert_cmpuint (mf_code_count (copy.source), ==, 3);
  g_assert_cmpuint (g_array_index (copy.source, MfUidRange, 1).last, ==, 320);
  g_assert_cmpuint (g_array_index (copy.target, MfUidRange, 0).first, ==, 3956);
  g_assert_cmpuint (g_array_index (copy.target, MfUidRange, 1).first, ==, 2);
  parse (&append, "APPENDUID 1 1:4294967295");
  g_assert_cmpint (append.kind, ==, MF_CODE_APPENDUID);
  g_assert_cmpuint (mf_code_count (append.target), ==, G_MAXUINT32);
}

static void
test_bad_ranges (void)
{
  const char *const bad[]
      = { "COPYUID 1 1:2", "COPYUID 1 1:x 1",       "COPYUID 1 0 1",          "COPYUID 1 1, 2",
          "COPYUID 1 * 1", "COPYUID x 1 1",         "COPYUID 1 4294967296 1", "APPENDUID 1",
          "APPENDUID 1 ",  "APPENDUID 4294967296 1" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (MfCode) code = { 0 };

      parse (&code, bad[i]);
      g_assert_cmpint (code.kind, ==, MF_CODE_OTHER);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/numbers-in-their-range", test_numbers);
  g_test_add_func ("/code/words", test_words);
  g_test_add_func ("/code/uid-sets-keep-their-order", test_ranges);
  g_test_add_func ("/code/malformed-sets-are-not-believed", test_bad_ranges);
  return g_test_run ();
}
