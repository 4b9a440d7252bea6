/* The ranges stand in one array, ascending, with at least one missing UID
 * between neighbours.  So a change touches one run of neighbouring ranges,
 * found by bisection, and puts at most two ranges in their place. */
#include "proto/uidset.h"

#include <string.h>

#define RANGE_TEXT_MAX 21 /* "4294967294:4294967295" */

struct _MfUidSet
{
  GArray *ranges; /* of MfUidRange */
};

static MfUidRange *
get_range (const MfUidSet *self, guint i)
{
  return &g_array_index (self->ranges, MfUidRange, i);
}

/* Index of the first range that ends at or after @uid, else the length. */
static guint
find_ending_from (const MfUidSet *self, guint32 uid)
{
  guint low = 0, high = self->ranges->len;

  if (high > 0 && get_range (self, high - 1)->last < uid)
    return high;
  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (get_range (self, middle)->last < uid)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static void
replace_ranges (MfUidSet *self, guint at, guint n_old, const MfUidRange *ranges, guint n_new)
{
  guint n_same = MIN (n_old, n_new);

  for (guint i = 0; i < n_same; i++)
    *get_range (self, at + i) = ranges[i];
  if (n_old > n_same)
    g_array_remove_range (self->ranges, at + n_same, n_old - n_same);
  if (n_new > n_same)
    g_array_insert_vals (self->ranges, at + n_same, ranges + n_same, n_new - n_same);
}

/* @range must not begin before the last range of @ranges does. */
static void
append_joined (GArray *ranges, MfUidRange range)
{
  if (ranges->len > 0)
    {
      MfUidRange *tail = &g_array_index (ranges, MfUidRange, ranges->len - 1);

      if (tail->last >= range.first - 1)
        {
          tail->last = MAX (tail->last, range.last);
          return;
        }
    }
  g_array_append_val (ranges, range);
}

MfUidSet *
mf_uidset_new (void)
{
  MfUidSet *self = g_new (MfUidSet, 1);

  self->ranges = g_array_new (FALSE, FALSE, sizeof (MfUidRange));
  return self;
}

MfUidSet *
mf_uidset_copy (const MfUidSet *self)
{
  MfUidSet *copy = g_new (MfUidSet, 1);

  copy->ranges = g_array_copy (self->ranges);
  return copy;
}

void
mf_uidset_free (MfUidSet *self)
{
  g_array_unref (self->ranges);
  g_free (self);
}

void
mf_uidset_add (MfUidSet *self, guint32 uid)
{
  mf_uidset_add_range (self, uid, uid);
}

void
mf_uidset_add_range (MfUidSet *self, guint32 first, guint32 last)
{
  MfUidRange joined = { MAX (first, 1), last };
  guint begin, end;

  if (joined.first > joined.last)
    return;

  begin = end = find_ending_from (self, joined.first - 1);
  while (end < self->ranges->len && get_range (self, end)->first - 1 <= last)
    {
      joined.first = MIN (joined.first, get_range (self, end)->first);
      joined.last = MAX (joined.last, get_range (self, end)->last);
      end++;
    }
  replace_ranges (self, begin, end - begin, &joined, 1);
}

void
mf_uidset_remove_range (MfUidSet *self, guint32 first, guint32 last)
{
  MfUidRange rest[2];
  guint n_rest = 0, begin, end;

  first = MAX (first, 1);
  if (first > last)
    return;

  begin = end = find_ending_from (self, first);
  while (end < self->ranges->len && get_range (self, end)->first <= last)
    end++;
  if (begin == end)
    return;

  if (get_range (self, begin)->first < first)
    rest[n_rest++] = (MfUidRange){ get_range (self, begin)->first, first - 1 };
  if (get_range (self, end - 1)->last > last)
    rest[n_rest++] = (MfUidRange){ last + 1, get_range (self, end - 1)->last };
  replace_ranges (self, begin, end - begin, rest, n_rest);
}

void
mf_uidset_add_set (MfUidSet *self, const MfUidSet *other)
{
  GArray *merged = g_array_sized_new (FALSE, FALSE, sizeof (MfUidRange),
                                      self->ranges->len + other->ranges->len);
  guint i = 0, j = 0;

  while (i < self->ranges->len || j < other->ranges->len)
    {
      gboolean ours
          = j == other->ranges->len
            || (i < self->ranges->len && get_range (self, i)->first <= get_range (other, j)->first);

      append_joined (merged, ours ? *get_range (self, i++) : *get_range (other, j++));
    }
  g_array_unref (self->ranges);
  self->ranges = merged;
}

void
mf_uidset_close_gaps (MfUidSet *self, guint32 distance)
{
  guint n = MIN (self->ranges->len, 1);

  for (guint i = 1; i < self->ranges->len; i++)
    if (get_range (self, i)->first - get_range (self, n - 1)->last <= distance)
      get_range (self, n - 1)->last = get_range (self, i)->last;
    else
      *get_range (self, n++) = *get_range (self, i);
  g_array_set_size (self->ranges, n);
}

void
mf_uidset_clear (MfUidSet *self)
{
  g_array_set_size (self->ranges, 0);
}

gboolean
mf_uidset_contains (const MfUidSet *self, guint32 uid)
{
  guint i = find_ending_from (self, uid);

  return i < self->ranges->len && get_range (self, i)->first <= uid;
}

gboolean
mf_uidset_is_empty (const MfUidSet *self)
{
  return self->ranges->len == 0;
}

guint64
mf_uidset_count (const MfUidSet *self)
{
  guint64 count = 0;

  for (guint i = 0; i < self->ranges->len; i++)
    count += (guint64)get_range (self, i)->last - get_range (self, i)->first + 1;
  return count;
}

const MfUidRange *
mf_uidset_ranges (const MfUidSet *self, guint *out_n)
{
  *out_n = self->ranges->len;
  return (const MfUidRange *)self->ranges->data;
}

static void
format_range (const MfUidRange *range, char text[static RANGE_TEXT_MAX + 1])
{
  if (range->first == range->last)
    g_snprintf (text, RANGE_TEXT_MAX + 1, "%u", range->first);
  else
    g_snprintf (text, RANGE_TEXT_MAX + 1, "%u:%u", range->first, range->last);
}

static void
append_item (GString *line, const char *text)
{
  if (line->len > 0)
    g_string_append_c (line, ',');
  g_string_append (line, text);
}

char *
mf_uidset_to_string (const MfUidSet *self)
{
  GString *line = g_string_new (NULL);
  char text[RANGE_TEXT_MAX + 1];

  for (guint i = 0; i < self->ranges->len; i++)
    {
      format_range (get_range (self, i), text);
      append_item (line, text);
    }
  return g_string_free (line, FALSE);
}

GPtrArray *
mf_uidset_to_lines (const MfUidSet *self, gsize max_bytes)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) line = g_string_new (NULL);
  char text[RANGE_TEXT_MAX + 1];

  g_return_val_if_fail (max_bytes >= RANGE_TEXT_MAX, lines);

  for (guint i = 0; i < self->ranges->len; i++)
    {
      format_range (get_range (self, i), text);
      if (line->len > 0 && line->len + 1 + strlen (text) > max_bytes)
        {
          g_ptr_array_add (lines, g_strndup (line->str, line->len));
          g_string_truncate (line, 0);
        }
      append_item (line, text);
    }
  if (line->len > 0)
    g_ptr_array_add (lines, g_strndup (line->str, line->len));
  return lines;
}

/* nz-number: no sign, no leading zero, no space. */
static gboolean
parse_number (const char **text, guint32 *out_number)
{
  const char *p = *text;
  guint64 number = 0;

  if (*p < '1' || *p > '9')
    return FALSE;
  for (; g_ascii_isdigit (*p); p++)
    {
      number = number * 10 + (guint64)(*p - '0');
      if (number > G_MAXUINT32)
        return FALSE;
    }
  *out_number = (guint32)number;
  *text = p;
  return TRUE;
}

static gboolean
parse_range (const char **text, MfUidRange *out_range)
{
  guint32 a, b;

  if (!parse_number (text, &a))
    return FALSE;
  b = a;
  if (**text == ':')
    {
      (*text)++;
      if (!parse_number (text, &b))
        return FALSE;
    }
  *out_range = (MfUidRange){ MIN (a, b), MAX (a, b) };
  return TRUE;
}

static int
compare_first (gconstpointer a, gconstpointer b)
{
  const MfUidRange *left = a, *right = b;

  return left->first < right->first ? -1 : left->first > right->first;
}

/* Sorted once at the end, since a server may send a long set in any order. */
MfUidSet *
mf_uidset_parse (const char *text)
{
  g_autoptr (MfUidSet) self = mf_uidset_new ();
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (MfUidRange));
  MfUidRange range;

  if (!parse_range (&text, &range))
    return NULL;
  g_array_append_val (found, range);
  while (*text == ',')
    {
      text++;
      if (!parse_range (&text, &range))
        return NULL;
      g_array_append_val (found, range);
    }
  if (*text != '\0')
    return NULL;

  g_array_sort (found, compare_first);
  for (guint i = 0; i < found->len; i++)
    append_joined (self->ranges, g_array_index (found, MfUidRange, i));
  return g_steal_pointer (&self);
}
