/* Besides single claims, random changes are replayed on a plain bitmap, over
 * UIDs at both ends of the range where arithmetic could wrap. */
#include "proto/uidset.h"

#include <string.h>

#define N_MAP 300

static void
assert_text (const MfUidSet *set, const char *expected)
{
  g_autofree char *text = mf_uidset_to_string (set);

  g_assert_cmpstr (text, ==, expected);
}

static MfUidSet *
parse (const char *text)
{
  MfUidSet *set = mf_uidset_parse (text);

  g_assert_nonnull (set);
  return set;
}

static void
test_new_set_is_empty (void)
{
  g_autoptr (MfUidSet) set = mf_uidset_new ();
  guint n = 7;

  g_assert_true (mf_uidset_is_empty (set));
  g_assert_cmpuint (mf_uidset_count (set), ==, 0);
  g_assert_false (mf_uidset_contains (set, 0));
  g_assert_false (mf_uidset_contains (set, 1));
  mf_uidset_ranges (set, &n);
  g_assert_cmpuint (n, ==, 0);
  assert_text (set, "");
}

static void
test_neighbours_join (void)
{
  g_autoptr (MfUidSet) set = mf_uidset_new ();

  mf_uidset_add (set, 5);
  mf_uidset_add (set, 3);
  assert_text (set, "3,5");
  mf_uidset_add (set, 4);
  assert_text (set, "3:5");
  mf_uidset_add (set, 4);
  assert_text (set, "3:5");
  mf_uidset_add_range (set, 10, 12);
  mf_uidset_add_range (set, 20, 30);
  mf_uidset_add_range (set, 6, 19);
  assert_text (set, "3:30");
}

static void
test_zero_is_never_a_member (void)
{
  g_autoptr (MfUidSet) set = mf_uidset_new ();

  mf_uidset_add (set, 0);
  g_assert_true (mf_uidset_is_empty (set));
  mf_uidset_add_range (set, 0, 2);
  assert_text (set, "1:2");
  mf_uidset_remove_range (set, 0, 1);
  assert_text (set, "2");
}

static void
test_backward_range_is_nothing (void)
{
  g_autoptr (MfUidSet) set = parse ("1:9");

  mf_uidset_remove_range (set, 5, 4);
  mf_uidset_add_range (set, 20, 19);
  mf_uidset_add_range (set, 1, 0);
  assert_text (set, "1:9");
}

static void
test_removal_splits (void)
{
  g_autoptr (MfUidSet) set = parse ("1:10,20:30,40");

  mf_uidset_remove_range (set, 4, 5);
  assert_text (set, "1:3,6:10,20:30,40");
  mf_uidset_remove_range (set, 8, 24);
  assert_text (set, "1:3,6:7,25:30,40");
  mf_uidset_remove_range (set, 31, 39);
  assert_text (set, "1:3,6:7,25:30,40");
  mf_uidset_remove_range (set, 2, G_MAXUINT32);
  assert_text (set, "1");
}

static void
test_largest_uid (void)
{
  g_autoptr (MfUidSet) set = mf_uidset_new ();

  mf_uidset_add (set, G_MAXUINT32);
  mf_uidset_add (set, G_MAXUINT32 - 1);
  mf_uidset_add (set, 1);
  assert_text (set, "1,4294967294:4294967295");
  mf_uidset_add_range (set, 1, G_MAXUINT32);
  g_assert_cmpuint (mf_uidset_count (set), ==, G_MAXUINT32);
  mf_uidset_remove_range (set, 2, G_MAXUINT32 - 1);
  assert_text (set, "1,4294967295");
  mf_uidset_clear (set);
  g_assert_true (mf_uidset_is_empty (set));
}

static void
test_sets_merge (void)
{
  g_autoptr (MfUidSet) a = parse ("1:3,10:12,4294967295");
  g_autoptr (MfUidSet) b = parse ("4:9,12:14,20");
  g_autoptr (MfUidSet) none = mf_uidset_new ();

  mf_uidset_add_set (a, b);
  assert_text (a, "1:14,20,4294967295");
  mf_uidset_add_set (a, a);
  mf_uidset_add_set (a, none);
  assert_text (a, "1:14,20,4294967295");
  mf_uidset_add_set (none, b);
  assert_text (none, "4:9,12:14,20");
}

static void
test_gaps_close (void)
{
  g_autoptr (MfUidSet) set = parse ("1:3,8,14:20,25,4294967290,4294967295");
  g_autoptr (MfUidSet) none = mf_uidset_new ();

  mf_uidset_close_gaps (set, 5);
  assert_text (set, "1:8,14:25,4294967290:4294967295");
  mf_uidset_close_gaps (set, G_MAXUINT32);
  assert_text (set, "1:4294967295");
  mf_uidset_close_gaps (none, 5);
  assert_text (none, "");
}

static void
test_copy_is_independent (void)
{
  g_autoptr (MfUidSet) set = parse ("1:3");
  g_autoptr (MfUidSet) copy = mf_uidset_copy (set);

  mf_uidset_add (copy, 9);
  mf_uidset_remove_range (set, 1, 1);
  assert_text (set, "2:3");
  assert_text (copy, "1:3,9");
}

static void
test_parse_takes_any_order (void)
{
  g_autoptr (MfUidSet) set = parse ("12:20,9:4,1,3:1,4294967295");

  assert_text (set, "1:9,12:20,4294967295");
}

static void
test_parse_refuses (void)
{
  static const char *const malformed[] = {
    "",           "*",
    "1:*",        "0",
    "0:3",        "3:0",
    "01",         "1,",
    ",1",         "1,,2",
    "1:",         ":1",
    "1:2:3",      " 1",
    "1 ",         "1, 2",
    "-1",         "+1",
    "1.5",        "a",
    "1a",         "0x1",
    "$",          "1\n",
    "4294967296", "99999999999999999999999",
  };

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    g_assert_null (mf_uidset_parse (malformed[i]));
}

static void
test_lines_are_bounded (void)
{
  g_autoptr (MfUidSet) set = mf_uidset_new ();
  g_autofree char *whole = NULL;

  for (guint i = 0; i < 2000; i++)
    mf_uidset_add_range (set, 1 + i * 2000000, 1 + i * 2000000 + i % 3);
  whole = mf_uidset_to_string (set);

  for (gsize max = 21; max < 100; max++)
    {
      g_autoptr (GPtrArray) lines = mf_uidset_to_lines (set, max);
      g_autoptr (GString) text = g_string_new (NULL);

      for (guint i = 0; i < lines->len; i++)
        {
          const char *line = g_ptr_array_index (lines, i);
          const char *next = i + 1 < lines->len ? g_ptr_array_index (lines, i + 1) : NULL;

          g_assert_cmpuint (strlen (line), <=, max);
          if (next != NULL) /* no line is cut before it had to be */
            g_assert_cmpuint (strlen (line) + 1 + strcspn (next, ","), >, max);
          g_string_append_printf (text, "%s%s", i > 0 ? "," : "", line);
        }
      g_assert_cmpstr (text->str, ==, whole);
    }
}

static void
test_longest_range_fits_a_line (void)
{
  g_autoptr (MfUidSet) set = parse ("4294967290:4294967295,1000000000:1000000001");
  g_autoptr (GPtrArray) lines = mf_uidset_to_lines (set, 21);

  g_assert_cmpuint (lines->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (lines, 0), ==, "1000000000:1000000001");
  g_assert_cmpstr (g_ptr_array_index (lines, 1), ==, "4294967290:4294967295");
}

static void
test_empty_set_has_no_lines (void)
{
  g_autoptr (MfUidSet) set = mf_uidset_new ();
  g_autoptr (GPtrArray) lines = mf_uidset_to_lines (set, 1000);

  g_assert_cmpuint (lines->len, ==, 0);
}

static void
assert_equals_map (const MfUidSet *set, const gboolean *map, guint32 base)
{
  const MfUidRange *ranges;
  guint64 count = 0;
  guint n;

  for (guint i = 0; i < N_MAP; i++)
    {
      g_assert_cmpint (mf_uidset_contains (set, base + i), ==, map[i]);
      count += map[i] ? 1 : 0;
    }
  g_assert_cmpuint (mf_uidset_count (set), ==, count);
  g_assert_cmpint (mf_uidset_is_empty (set), ==, count == 0);

  ranges = mf_uidset_ranges (set, &n);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (ranges[i].first, <=, ranges[i].last);
      if (i > 0) /* disjoint and not adjacent */
        g_assert_cmpuint ((guint64)ranges[i - 1].last + 1, <, ranges[i].first);
    }
}

static void
fill_map (gboolean *map, guint from, guint to, gboolean value)
{
  for (guint i = from; i <= to; i++)
    map[i] = value;
}

/* One random change, made on both. */
static void
change_both (MfUidSet **set, gboolean *map, guint32 base)
{
  guint from = (guint)g_test_rand_int_range (0, N_MAP);
  guint length = (guint)g_test_rand_int_range (1, 20);
  guint to = MIN (from + length, N_MAP) - 1;
  g_autoptr (MfUidSet) other = NULL;
  g_autofree char *text = NULL;

  switch (g_test_rand_int_range (0, 6))
    {
    case 0:
      mf_uidset_add (*set, base + from);
      fill_map (map, from, from, TRUE);
      break;
    case 1:
      mf_uidset_add_range (*set, base + from, base + to);
      fill_map (map, from, to, TRUE);
      break;
    case 2:
    case 3:
      mf_uidset_remove_range (*set, base + from, base + to);
      fill_map (map, from, to, FALSE);
      break;
    case 4:
      other = mf_uidset_new ();
      for (guint i = from; i <= to; i += 3)
        {
          mf_uidset_add (other, base + i);
          map[i] = TRUE;
        }
      mf_uidset_add_set (*set, other);
      break;
    default:
      if (mf_uidset_is_empty (*set))
        return;
      text = mf_uidset_to_string (*set);
      other = g_steal_pointer (set);
      *set = mf_uidset_parse (text);
      g_assert_nonnull (*set);
    }
}

static void
test_random_changes_match_a_bitmap (gconstpointer data)
{
  guint32 base = GPOINTER_TO_UINT (data);

  for (guint run = 0; run < 20; run++)
    {
      g_autoptr (MfUidSet) set = mf_uidset_new ();
      gboolean map[N_MAP] = { FALSE };

      for (guint step = 0; step < 500; step++)
        {
          change_both (&set, map, base);
          assert_equals_map (set, map, base);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/uidset/a new set is empty", test_new_set_is_empty);
  g_test_add_func ("/uidset/neighbours join into one range", test_neighbours_join);
  g_test_add_func ("/uidset/gaps that are small close", test_gaps_close);
  g_test_add_func ("/uidset/zero is never a member", test_zero_is_never_a_member);
  g_test_add_func ("/uidset/a backward range is nothing", test_backward_range_is_nothing);
  g_test_add_func ("/uidset/removal splits and trims ranges", test_removal_splits);
  g_test_add_func ("/uidset/the largest UID does not wrap", test_largest_uid);
  g_test_add_func ("/uidset/sets merge", test_sets_merge);
  g_test_add_func ("/uidset/a copy is independent", test_copy_is_independent);
  g_test_add_func ("/uidset/parsing takes ranges in any order", test_parse_takes_any_order);
  g_test_add_func ("/uidset/parsing refuses what is no set of numbers", test_parse_refuses);
  g_test_add_func ("/uidset/lines are bounded and complete", test_lines_are_bounded);
  g_test_add_func ("/uidset/the longest range fits the shortest line",
                   test_longest_range_fits_a_line);
  g_test_add_func ("/uidset/an empty set has no lines", test_empty_set_has_no_lines);
  g_test_add_data_func ("/uidset/random changes match a bitmap at the low end",
                        GUINT_TO_POINTER (1), test_random_changes_match_a_bitmap);
  g_test_add_data_func ("/uidset/random changes match a bitmap at the high end",
                        GUINT_TO_POINTER (G_MAXUINT32 - N_MAP + 1),
                        test_random_changes_match_a_bitmap);
  return g_test_run ();
}
