#include "cache/bodywriter.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/rig.h"

#define MANY (300 * 1024) /* more than the buffer holds */

typedef struct
{
  MfRig rig;
  MfBodies *bodies;
  MfBodyWriter *writer;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_rig_init (&self->rig, 0);
  self->bodies = mf_bodies_open (self->rig.cache_dir, GPOINTER_TO_INT (data), G_MAXINT64,
                                 self->rig.db, &error);
  g_assert_no_error (error);
  self->writer = mf_bodywriter_new (self->bodies);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  mf_bodywriter_free (self->writer);
  mf_bodies_close (self->bodies);
  mf_rig_clear (&self->rig);
}

static void
begin (Fixture *self)
{
  mf_bodywriter_begin (self->writer, self->rig.db);
}

static void
add (Fixture *self, const char *text)
{
  mf_bodywriter_write (self->writer, text, strlen (text));
}

static MfBodyPlace
finish (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  MfBodyPlace place = { 0 };

  mf_bodywriter_finish (self->writer, &place, &error);
  g_assert_no_error (error);
  return place;
}

static MfBodyPlace
write_one (Fixture *self, const char *text)
{
  begin (self);
  add (self, text);
  return finish (self);
}

static void
flush (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  mf_bodywriter_flush (self->writer, &error);
  g_assert_no_error (error);
}

static GBytes *
read_place (Fixture *self, const MfBodyPlace *place)
{
  MfSegments *segments = mf_bodies_segments (self->bodies);
  g_autofree char *bytes = g_malloc (place->size + 1);
  g_autoptr (GError) error = NULL;
  MfPin pin;

  g_assert_cmpint (mf_segments_pin (segments, mf_segments_generation (segments), place->segment,
                                    place->start, place->size, &pin),
                   ==, MF_PINNED_OK);
  for (gsize at = 0; at < place->size;)
    {
      gssize n = mf_segment_read (pin.segment, place->start + at, bytes + at, place->size - at,
                                  &error);
      g_assert_no_error (error);
      at += (gsize) n;
    }
  mf_segments_unpin (segments, &pin);
  return g_bytes_new_take (g_steal_pointer (&bytes), place->size);
}

static void
assert_reads (Fixture *self, MfBodyPlace place, const char *expected)
{
  g_autoptr (GBytes) got = read_place (self, &place);

  g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), expected,
                   strlen (expected));
}

static char *
make_lines (gsize size, char letter)
{
  char *text = g_malloc (size + 1);

  memset (text, letter, size);
  for (gsize i = 70; i + 1 < size; i += 72)
    memcpy (text + i, "\r\n", 2);
  text[size] = '\0';
  return text;
}

static char *
without_cr (const char *text)
{
  GString *out = g_string_new (text);

  g_string_replace (out, "\r\n", "\n", 0);
  return g_string_free (out, FALSE);
}

/* ---- claims ----------------------------------------------------------- */

static void
test_readers_see_lf (Fixture *self, gconstpointer data)
{
  begin (self);
  for (const char *c = "a\r\nb\rc\n\r\r\n\r"; *c != '\0'; c++)
    mf_bodywriter_write (self->writer, c, 1);
  MfBodyPlace place = finish (self);
  flush (self);
  assert_reads (self, place, "a\nb\rc\n\r\n\r");
}

static void
test_wire_is_kept (Fixture *self, gconstpointer data)
{
  MfBodyPlace place = write_one (self, "a\r\nb\rc\n\r\r\n\r");

  flush (self);
  assert_reads (self, place, "a\r\nb\rc\n\r\r\n\r");
}

static void
test_held_cr_does_not_leak (Fixture *self, gconstpointer data)
{
  begin (self);
  add (self, "x\r");
  mf_bodywriter_drop (self->writer);
  MfBodyPlace place = write_one (self, "\ny");
  flush (self);
  assert_reads (self, place, "\ny");
}

static void
test_one_after_the_other (Fixture *self, gconstpointer data)
{
  MfBodyPlace one = write_one (self, "one"), empty = write_one (self, ""),
              two = write_one (self, "two");

  flush (self);
  g_assert_cmpint (one.segment, ==, two.segment);
  g_assert_cmpuint (empty.size, ==, 0);
  g_assert_cmpuint (two.start, >=, one.start + one.size);
  assert_reads (self, one, "one");
  assert_reads (self, empty, "");
  assert_reads (self, two, "two");
}

static void
test_dropped_leaves_others_alone (Fixture *self, gconstpointer data)
{
  MfBodyPlace one = write_one (self, "one");

  begin (self);
  add (self, "half of");
  mf_bodywriter_drop (self->writer);
  MfBodyPlace two = write_one (self, "two");
  flush (self);
  assert_reads (self, one, "one");
  assert_reads (self, two, "two");
}

static void
test_bigger_than_the_buffer (Fixture *self, gconstpointer data)
{
  g_autofree char *large = make_lines (MANY, 'L');
  g_autofree char *expected = without_cr (large);
  MfBodyPlace one = write_one (self, "one"), place = write_one (self, large),
              two = write_one (self, "two");

  flush (self);
  assert_reads (self, one, "one");
  assert_reads (self, place, expected);
  assert_reads (self, two, "two");
}

static void
test_large_one_dropped (Fixture *self, gconstpointer data)
{
  g_autofree char *large = make_lines (MANY, 'L');
  MfBodyPlace one = write_one (self, "one");

  begin (self);
  add (self, large);
  mf_bodywriter_drop (self->writer);
  MfBodyPlace two = write_one (self, "two");
  g_assert_cmpuint (two.start, ==, one.start + one.size);
  flush (self);
  assert_reads (self, one, "one");
  assert_reads (self, two, "two");
}

static void
test_full_segment_is_left (Fixture *self, gconstpointer data)
{
  gsize size = 9 * 1024 * 1024 + 17;
  g_autofree char *bytes = g_malloc (size);
  MfBodyPlace places[16];
  guint n_first = 0;

  for (int i = 0; i < 16; i++)
    {
      memset (bytes, 'a' + i, size);
      begin (self);
      mf_bodywriter_write (self->writer, bytes, size);
      places[i] = finish (self);
    }
  flush (self);
  for (int i = 0; i < 16; i++)
    {
      g_autoptr (GBytes) got = read_place (self, &places[i]);
      memset (bytes, 'a' + i, size);
      g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), bytes, size);
      g_assert_cmpuint (places[i].start, <, MF_SEGMENT_FULL_BYTES);
      n_first += places[i].segment == places[0].segment;
    }
  g_assert_cmpuint (n_first, ==, MF_SEGMENT_FULL_BYTES / size + 1);
}

/* A disk with room for @bytes in a file, or for all. */
static void
limit_files (rlim_t bytes)
{
  struct rlimit limit;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = bytes;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static void
test_failure_is_told_at_the_end (Fixture *self, gconstpointer data)
{
  g_autofree char *large = make_lines (MANY, 'L');
  g_autoptr (GError) error = NULL;
  MfBodyPlace one = write_one (self, "one"), lost = { 0 };

  flush (self);
  limit_files (100 * 1024);
  begin (self);
  add (self, large);
  add (self, large);
  g_assert_false (mf_bodywriter_finish (self->writer, &lost, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT);
  limit_files (RLIM_INFINITY);
  MfBodyPlace two = write_one (self, "two");
  flush (self);
  assert_reads (self, one, "one");
  assert_reads (self, two, "two");
}

static void
test_failed_flush_can_be_tried_again (Fixture *self, gconstpointer data)
{
  g_autofree char *large = make_lines (120 * 1024, 'L');
  g_autofree char *expected = without_cr (large);
  g_autoptr (GError) error = NULL;
  MfBodyPlace place = write_one (self, large);

  limit_files (50 * 1024);
  g_assert_false (mf_bodywriter_flush (self->writer, &error));
  limit_files (RLIM_INFINITY);
  flush (self);
  assert_reads (self, place, expected);
}

static void
test_no_segment_is_told_at_the_end (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  MfBodyPlace lost = { 0 };

  limit_files (0);
  begin (self);
  add (self, "lost");
  g_assert_false (mf_bodywriter_finish (self->writer, &lost, &error));
  g_assert_nonnull (error);
  mf_bodywriter_drop (self->writer);
  limit_files (RLIM_INFINITY);
  MfBodyPlace two = write_one (self, "two");
  flush (self);
  assert_reads (self, two, "two");
}

static void
test_two_writers (Fixture *self, gconstpointer data)
{
  MfBodyWriter *other = mf_bodywriter_new (self->bodies);
  MfBodyPlace one = write_one (self, "one"), two = { 0 };

  mf_bodywriter_begin (other, self->rig.db);
  mf_bodywriter_write (other, "two", 3);
  g_assert_true (mf_bodywriter_finish (other, &two, NULL));
  flush (self);
  g_assert_true (mf_bodywriter_flush (other, NULL));
  g_assert_cmpint (one.segment, !=, two.segment);
  assert_reads (self, one, "one");
  assert_reads (self, two, "two");
  mf_bodywriter_free (other);
}

#define LF GINT_TO_POINTER (FALSE)
#define CRLF GINT_TO_POINTER (TRUE)
#define ADD(path, eol, func) g_test_add ("/bodywriter/" path, Fixture, eol, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("readers see LF", LF, test_readers_see_lf);
  ADD ("or what was on the wire", CRLF, test_wire_is_kept);
  ADD ("a CR held at the end of a dropped body is gone", LF, test_held_cr_does_not_leak);
  ADD ("bodies lie one after the other", LF, test_one_after_the_other);
  ADD ("a body dropped in the middle leaves others alone", LF, test_dropped_leaves_others_alone);
  ADD ("a body may be bigger than the buffer", LF, test_bigger_than_the_buffer);
  ADD ("the next one takes the place of a large one dropped", LF, test_large_one_dropped);
  ADD ("a full segment is left for a new one", CRLF, test_full_segment_is_left);
  ADD ("a failure to write is told at the end, and is over then", LF,
       test_failure_is_told_at_the_end);
  ADD ("a flush that failed can be tried again", LF, test_failed_flush_can_be_tried_again);
  ADD ("a failure to make a segment is told at the end", LF, test_no_segment_is_told_at_the_end);
  ADD ("two writers have a segment each", LF, test_two_writers);
  return g_test_run ();
}
