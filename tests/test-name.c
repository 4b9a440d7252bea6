#include "fs/name.h"

#include <string.h>

/* ---- messages --------------------------------------------------------- */

static void
assert_name (MfMessage message, const char *tag, const char *expected)
{
  char name[MF_NAME_MAX + 1];

  g_assert_true (mf_name_format (&message, tag, name));
  g_assert_cmpstr (name, ==, expected);
}

static void
test_generated_name_begins_with_the_date (void)
{
  MfMessage message = { .place = MF_PLACE_NEW, .uid = 6046, .internaldate = 1700000000 };

  assert_name (message, "9f8e7d6c5b4a", "1700000000.0000179e.9f8e7d6c5b4a");
  message.place = MF_PLACE_CUR;
  assert_name (message, "9f8e7d6c5b4a", "1700000000.0000179e.9f8e7d6c5b4a:2,");
  message.flags = MF_FLAGS_ALL;
  assert_name (message, "9f8e7d6c5b4a", "1700000000.0000179e.9f8e7d6c5b4a:2,DFPRST");
}

static void
test_dates_sort_as_text (void)
{
  MfMessage message = { .place = MF_PLACE_NEW, .uid = G_MAXUINT32 };

  assert_name (message, "t", "0000000000.ffffffff.t");
  message.internaldate = -5;
  assert_name (message, "t", "0000000000.ffffffff.t");
  message.internaldate = 99999999999;
  assert_name (message, "t", "99999999999.ffffffff.t");
}

static void
test_given_name_is_kept (void)
{
  MfMessage message = { .place = MF_PLACE_CUR, .base = (char *)"1.M2P3.host", .uid = 7 };

  message.flags = MF_FLAG_SEEN | MF_FLAG_DRAFT;
  assert_name (message, "tag", "1.M2P3.host:2,DS");
}

static void
test_name_that_no_directory_can_hold_is_refused (void)
{
  g_autofree char *too_long = g_strnfill (MF_NAME_MAX - 8, 'x');
  const char *bad[] = { "", ".hidden", "a/b", too_long };
  char name[MF_NAME_MAX + 1];

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      MfMessage message = { .place = MF_PLACE_CUR, .base = (char *)bad[i], .uid = 1 };

      g_assert_false (mf_name_format (&message, "tag", name));
    }
}

static void
test_longest_name_fits (void)
{
  g_autofree char *base = g_strnfill (MF_NAME_MAX - 9, 'x');
  MfMessage message = { .base = base, .flags = MF_FLAGS_ALL, .uid = 1 };
  char name[MF_NAME_MAX + 1];

  g_assert_true (mf_name_format (&message, NULL, name));
  g_assert_cmpuint (strlen (name), ==, MF_NAME_MAX);
}

static void
assert_parsed (const char *name, const char *base, gboolean has_info, MfFlags flags)
{
  g_auto (MfName) parsed = { 0 };

  g_assert_true (mf_name_parse (name, &parsed));
  g_assert_cmpstr (parsed.base, ==, base);
  g_assert_cmpint (parsed.has_info, ==, has_info);
  g_assert_cmpuint (parsed.flags, ==, flags);
}

static void
test_name_falls_apart_into_base_and_flags (void)
{
  assert_parsed ("a.b", "a.b", FALSE, 0);
  assert_parsed ("a:2,", "a", TRUE, 0);
  assert_parsed ("a:2,TS", "a", TRUE, MF_FLAG_SEEN | MF_FLAG_DELETED);
  assert_parsed ("a:2,xSyz", "a", TRUE, MF_FLAG_SEEN);
  assert_parsed ("a:1,S", "a:1,S", FALSE, 0);
  assert_parsed ("a:b:2,F", "a:b", TRUE, MF_FLAG_FLAGGED);
}

static void
test_hidden_and_empty_names_are_no_message (void)
{
  g_auto (MfName) parsed = { 0 };

  g_assert_false (mf_name_parse ("", &parsed));
  g_assert_false (mf_name_parse (".a:2,S", &parsed));
  g_assert_false (mf_name_parse (":2,S", &parsed));
}

static void
test_generated_names_come_back (void)
{
  for (guint i = 0; i < 10000; i++)
    {
      MfMessage message = {
        .place = MF_PLACE_CUR,
        .uid = MAX (g_test_rand_int (), 1),
        .internaldate = (gint64)(guint32)g_test_rand_int () * g_test_rand_int_range (1, 30),
        .flags = (MfFlags)g_test_rand_int_range (0, MF_FLAGS_ALL + 1),
      };
      char name[MF_NAME_MAX + 1];
      g_auto (MfName) parsed = { 0 };
      MfGenerated generated;

      if (message.uid == 0)
        continue;
      g_assert_true (mf_name_format (&message, "00ff", name));
      g_assert_true (mf_name_parse (name, &parsed));
      g_assert_cmpuint (parsed.flags, ==, message.flags);
      g_assert_true (mf_name_parse_base (parsed.base, &generated));
      g_assert_cmpint (generated.date, ==, message.internaldate);
      g_assert_cmpuint (generated.uid, ==, message.uid);
      g_assert_cmpstr (generated.tag, ==, "00ff");
    }
}

static void
test_other_names_are_not_generated (void)
{
  const char *others[] = {
    "",
    "1700000000",
    "1700000000.0000179e",
    "1700000000.0000179e.",
    "700000000.0000179e.t",
    "01700000000.0000179e.t",
    "1700000000.0000179E.t",
    "1700000000.179e.t",
    "1700000000.00000000.t",
    "1700000000.0000179e0.t",
    "1700000000-0000179e.t",
    "9999999999999999999.0000179e.t",
    "1.M2P3.host",
  };
  MfGenerated generated;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (mf_name_parse_base (others[i], &generated));
}

/* ---- folders ---------------------------------------------------------- */

static void
test_folder_names_are_escaped (void)
{
  const char *pairs[][2] = {
    { "INBOX", "INBOX" },
    { "büro", "büro" },
    { "a/b", "a%2Fb" },
    { "100%", "100%25" },
    { ".hidden", "%2Ehidden" },
    { ".", "%2E" },
    { "..", "%2E." },
    { "a.b", "a.b" },
    { "cur", "%63ur" },
    { "new", "%6Eew" },
    { "tmp", "%74mp" },
    { "current", "current" },
    { "Cur", "Cur" },
    { "", "%" },
    { "a\tb\x7f", "a%09b%7F" },
    { "caf\xe9", "caf%E9" },
    { "\xc2\x85", "%C2%85" },
    { "a\\b:c", "a\\b:c" },
    { "\xed\xa0\x80", "%ED%A0%80" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *name = mf_name_escape (pairs[i][0]);
      g_autofree char *back = mf_name_unescape (pairs[i][1]);

      g_assert_cmpstr (name, ==, pairs[i][1]);
      g_assert_cmpstr (back, ==, pairs[i][0]);
    }
}

static void
test_folder_has_one_spelling (void)
{
  const char *others[] = { "%49NBOX", "a%2fb", "%2", "%zz", "100%", "cur", ".x", "a%00b", "%25%" };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_null (mf_name_unescape (others[i]));
}

/* Bytes that are likely to do harm, among others. */
static char *
make_component (void)
{
  static const char bytes[] = "cur./%~\xc3\xa9\xed\xa0\x80\xff\n a0";
  guint n = (guint)g_test_rand_int_range (0, 120);
  char *component = g_malloc0 (n + 1);

  for (guint i = 0; i < n; i++)
    component[i] = bytes[g_test_rand_int_range (0, sizeof bytes - 1)];
  return component;
}

static void
test_any_component_is_a_name_and_comes_back (void)
{
  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *component = make_component ();
      g_autofree char *name = mf_name_escape (component);
      g_autofree char *back = mf_name_unescape (name);

      g_assert_true (g_utf8_validate (name, -1, NULL));
      g_assert_cmpuint (strlen (name), >, 0);
      g_assert_cmpuint (strlen (name), <=, MF_NAME_MAX);
      g_assert_null (strchr (name, '/'));
      g_assert_cmpint (name[0], !=, '.');
      if (!mf_name_is_cut (name))
        g_assert_cmpstr (back, ==, component);
    }
}

static void
test_long_names_are_cut_between_characters (void)
{
  for (guint lead = 0; lead < 8; lead++)
    {
      g_autofree char *head = g_strnfill (lead, 'x');
      g_autofree char *wide = g_strnfill (200, '/');
      g_autoptr (GString) text = g_string_new (head);
      g_autofree char *name = NULL, *slashes = NULL, *component = NULL;

      for (guint i = 0; i < 200; i++)
        g_string_append (text, "é€");
      name = mf_name_escape (text->str);
      g_assert_true (mf_name_is_cut (name));
      g_assert_true (g_utf8_validate (name, -1, NULL));
      g_assert_cmpuint (strlen (name), <=, MF_NAME_MAX);
      g_assert_null (mf_name_unescape (name));

      component = g_strconcat (head, wide, NULL);
      slashes = mf_name_escape (component);
      g_assert_true (mf_name_is_cut (slashes));
      slashes[strlen (slashes) - 10] = '\0';
      g_assert_true (g_str_has_suffix (slashes, "%2F"));
    }
}

static void
test_cut_names_differ_by_their_hash (void)
{
  g_autofree char *head = g_strnfill (300, 'x');
  g_autofree char *one = g_strconcat (head, "1", NULL), *two = g_strconcat (head, "2", NULL);
  g_autofree char *name_one = mf_name_escape (one), *name_two = mf_name_escape (two);

  g_assert_cmpstr (name_one, !=, name_two);
  g_assert_cmpuint (strlen (name_one), ==, MF_NAME_MAX);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/name/generated-name-begins-with-the-date",
                   test_generated_name_begins_with_the_date);
  g_test_add_func ("/name/dates-sort-as-text", test_dates_sort_as_text);
  g_test_add_func ("/name/given-name-is-kept", test_given_name_is_kept);
  g_test_add_func ("/name/name-that-no-directory-can-hold-is-refused",
                   test_name_that_no_directory_can_hold_is_refused);
  g_test_add_func ("/name/longest-name-fits", test_longest_name_fits);
  g_test_add_func ("/name/name-falls-apart-into-base-and-flags",
                   test_name_falls_apart_into_base_and_flags);
  g_test_add_func ("/name/hidden-and-empty-names-are-no-message",
                   test_hidden_and_empty_names_are_no_message);
  g_test_add_func ("/name/generated-names-come-back", test_generated_names_come_back);
  g_test_add_func ("/name/other-names-are-not-generated", test_other_names_are_not_generated);
  g_test_add_func ("/name/folder-names-are-escaped", test_folder_names_are_escaped);
  g_test_add_func ("/name/folder-has-one-spelling", test_folder_has_one_spelling);
  g_test_add_func ("/name/any-component-is-a-name-and-comes-back",
                   test_any_component_is_a_name_and_comes_back);
  g_test_add_func ("/name/long-names-are-cut-between-characters",
                   test_long_names_are_cut_between_characters);
  g_test_add_func ("/name/cut-names-differ-by-their-hash", test_cut_names_differ_by_their_hash);
  return g_test_run ();
}
