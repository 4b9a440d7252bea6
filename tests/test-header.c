#include "fs/header.h"

#include <string.h>

static void
assert_decoded (const char *raw, const char *expected)
{
  g_autofree char *text = mf_header_decode (raw, strlen (raw));

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_field (const char *message, const char *name, const char *expected)
{
  g_autofree char *text = mf_header_field (message, strlen (message), name);

  g_assert_cmpstr (text, ==, expected);
}

/* ---- fields ----------------------------------------------------------- */

static void
test_field_is_found_in_any_case (void)
{
  const char *message = "From: a@b\r\nSUBJECT : Hello\r\nsubject: later\r\n\r\nTo: body\r\n";

  assert_field (message, "Subject", "Hello");
  assert_field (message, "from", "a@b");
  assert_field (message, "To", NULL);
  assert_field (message, "Sub", NULL);
  assert_field (message, "Subjects", NULL);
}

static void
test_folded_lines_join (void)
{
  assert_field ("To: a,\n b,\n\tc\nX: y\n\n", "To", "a, b, c");
  assert_field ("To:\n a\n\n", "To", "a");
  assert_field ("To: a\n  ", "To", "a");
}

static void
test_header_without_an_end_is_read_to_its_end (void)
{
  assert_field ("Subject: x", "Subject", "x");
  assert_field ("Subject:", "Subject", "");
  assert_field ("", "Subject", NULL);
  assert_field ("\nSubject: x", "Subject", NULL);
}

static void
test_only_the_first_bytes_are_looked_at (void)
{
  g_autofree char *filler = g_strnfill (MF_HEADER_MAX, 'x');
  g_autofree char *message = g_strconcat ("X: ", filler, "\nSubject: far\n\n", NULL);

  assert_field (message, "Subject", NULL);
}

static void
test_long_values_end_between_characters (void)
{
  g_autoptr (GString) message = g_string_new ("Subject: x");
  g_autofree char *text = NULL;

  for (guint i = 0; i < MF_HEADER_VALUE_MAX; i++)
    g_string_append (message, "é");
  text = mf_header_field (message->str, message->len, "Subject");
  g_assert_cmpuint (strlen (text), <=, MF_HEADER_VALUE_MAX);
  g_assert_cmpuint (strlen (text), >, MF_HEADER_VALUE_MAX - 4);
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

/* ---- encoded words ---------------------------------------------------- */

static void
test_encoded_words_are_decoded (void)
{
  assert_decoded (" =?utf-8?Q?J=C3=BCrgen?= <j@example.com>", "Jürgen <j@example.com>");
  assert_decoded ("=?ISO-8859-1?q?a_b=E9?=", "a bé");
  assert_decoded ("=?UTF-8?B?8J+OiQ==?=", "🎉");
  assert_decoded ("=?us-ascii*en?Q?x?=", "x");
  assert_decoded ("=?windows-1252?Q?=80?=", "€");
  assert_decoded ("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本");
  assert_decoded ("=?koi8-r?B?8NLJ18XU?=", "Привет");
}

static void
test_blanks_between_words_are_no_text (void)
{
  assert_decoded ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab");
  assert_decoded ("=?utf-8?Q?a?=\r\n =?iso-8859-1?Q?=FC?= c", "aü c");
  assert_decoded ("x =?utf-8?Q?a?= y", "x a y");
}

static void
test_character_cut_by_a_word_is_joined (void)
{
  assert_decoded ("=?utf-8?Q?=C3?= =?UTF-8?Q?=A9?=", "é");
  assert_decoded ("=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€");
}

static void
test_what_is_no_encoded_word_stays (void)
{
  const char *plain[]
      = { "=?utf-8?Q?a", "=?utf-8?X?a?=", "=?", "=?=", "a =? b ?= c", "=?utf-8?Q", "=?utf-8?Q?a?" };

  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    assert_decoded (plain[i], plain[i]);
}

static void
test_undeclared_bytes_become_text (void)
{
  assert_decoded ("gr\xc3\xbc\xc3\x9f", "grüß");
  assert_decoded ("gr\xfc\xdf", "grüß");
}

static void
test_unknown_charsets_are_not_asked_for (void)
{
  assert_decoded ("=?../../evil?Q?abc?=", "abc");
  assert_decoded ("=?UTF-8//TRANSLIT?Q?abc?=", "abc");
  assert_decoded ("=?ISO-2022-JP-3?Q?abc?=", "abc");
  assert_decoded ("=??Q?abc?=", "abc");
}

static void
test_control_characters_are_blanks (void)
{
  assert_decoded ("a\033[31mb", "a [31mb");
  assert_decoded ("=?utf-8?Q?a=0Ab=00c?=", "a b");
}

/* Whatever comes, the answer is a line of UTF-8. */
static void
test_any_bytes_are_survived (void)
{
  static const char *const pieces[] = { "=?",   "?=", "utf-8", "?Q?", "?B?",         "=C3", "4oI=",
                                        "\xff", "\n", " ",     "*",   "iso-2022-jp", "=" };

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GString) raw = g_string_new (NULL);
      g_autofree char *text = NULL;

      for (guint n = (guint)g_test_rand_int_range (0, 30); n > 0; n--)
        g_string_append (raw, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
      text = mf_header_decode (raw->str, raw->len);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      g_assert_null (strpbrk (text, "\r\n"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/header/field-is-found-in-any-case", test_field_is_found_in_any_case);
  g_test_add_func ("/header/folded-lines-join", test_folded_lines_join);
  g_test_add_func ("/header/header-without-an-end-is-read-to-its-end",
                   test_header_without_an_end_is_read_to_its_end);
  g_test_add_func ("/header/only-the-first-bytes-are-looked-at",
                   test_only_the_first_bytes_are_looked_at);
  g_test_add_func ("/header/long-values-end-between-characters",
                   test_long_values_end_between_characters);
  g_test_add_func ("/header/encoded-words-are-decoded", test_encoded_words_are_decoded);
  g_test_add_func ("/header/blanks-between-words-are-no-text",
                   test_blanks_between_words_are_no_text);
  g_test_add_func ("/header/character-cut-by-a-word-is-joined",
                   test_character_cut_by_a_word_is_joined);
  g_test_add_func ("/header/what-is-no-encoded-word-stays", test_what_is_no_encoded_word_stays);
  g_test_add_func ("/header/undeclared-bytes-become-text", test_undeclared_bytes_become_text);
  g_test_add_func ("/header/unknown-charsets-are-not-asked-for",
                   test_unknown_charsets_are_not_asked_for);
  g_test_add_func ("/header/control-characters-are-blanks", test_control_characters_are_blanks);
  g_test_add_func ("/header/any-bytes-are-survived", test_any_bytes_are_survived);
  return g_test_run ();
}
