#include "cache/segments.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/rig.h"
#include "tests/tempdir.h"

#define PAGE 4096

static MfSegments *
open_segments (MfRig *rig)
{
  g_autoptr (GError) error = NULL;
  MfSegments *self = mf_segments_open (rig->cache_dir, rig->db, &error);

  g_assert_no_error (error);
  return self;
}

static MfSegment *
create (MfRig *rig, MfSegments *segments)
{
  g_autoptr (GError) error = NULL;
  MfSegment *segment = mf_segments_create (segments, rig->db, &error);

  g_assert_no_error (error);
  return segment;
}

/* @page counts from 0; the page is full of @letter. */
static void
write_page (MfSegment *segment, guint64 page, char letter)
{
  g_autoptr (GError) error = NULL;
  char bytes[PAGE];

  memset (bytes, letter, sizeof bytes);
  mf_segment_write (segment, PAGE * (page + 1), bytes, sizeof bytes, &error);
  g_assert_no_error (error);
}

/* What the page is full of, 0 for a hole. */
static char
read_page (MfSegment *segment, guint64 page)
{
  g_autoptr (GError) error = NULL;
  char bytes[PAGE] = { 'x' };
  gssize n = mf_segment_read (segment, PAGE * (page + 1), bytes, sizeof bytes, &error);

  g_assert_no_error (error);
  g_assert_cmpint (n, ==, sizeof bytes);
  for (int i = 1; i < PAGE; i++)
    g_assert_cmpint (bytes[i], ==, bytes[0]);
  return bytes[0];
}

static void
put_row (MfRig *rig, gint64 message, MfSegment *segment, guint64 page)
{
  g_assert_true (mf_db_run (rig->db, NULL, "INSERT INTO body VALUES (?, ?, ?, ?, 0)", "iiii",
                            message, mf_segment_id (segment), (gint64) (PAGE * (page + 1)),
                            (gint64) PAGE));
}

static char *
path_of (MfRig *rig, gint64 id)
{
  return g_strdup_printf ("%s/%08" G_GINT64_FORMAT ".seg", rig->cache_dir, id);
}

static gboolean
has_file (MfRig *rig, gint64 id)
{
  g_autofree char *path = path_of (rig, id);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
sweep (MfRig *rig, MfSegments *segments)
{
  g_autoptr (GError) error = NULL;

  mf_segments_sweep (segments, rig->db, &error);
  g_assert_no_error (error);
}

static void
sync_segments (MfRig *rig, MfSegments *segments, gboolean all)
{
  g_autoptr (GError) error = NULL;

  mf_segments_sync (segments, rig->db, all, &error);
  g_assert_no_error (error);
}

static MfPinned
pin (MfSegments *segments, guint generation, gint64 id, guint64 page, MfPin *out)
{
  return mf_segments_pin (segments, generation, id, PAGE * (page + 1), PAGE, out);
}

static gboolean
can_punch (MfRig *rig)
{
  g_autofree char *path = g_build_filename (rig->dir, "hole", NULL);
  int fd = open (path, O_RDWR | O_CREAT, 0600);
  gboolean can = fallocate (fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE) == 0;

  close (fd);
  return can;
}

/* One retired segment with pages a, b, c, and rows for all. */
static gint64
make_abc (MfRig *rig, MfSegments *segments)
{
  MfSegment *segment = create (rig, segments);

  for (guint page = 0; page < 3; page++)
    {
      write_page (segment, page, (char) ('a' + page));
      put_row (rig, page + 1, segment, page);
    }
  mf_segment_retire (segments, segment);
  return mf_segment_id (segment);
}

/* Rows of `body` that a new start still trusts. */
static gint64
n_trusted (MfRig *rig)
{
  g_autoptr (MfSegments) segments = open_segments (rig);

  return mf_rig_number (rig, "SELECT COUNT(*) FROM body");
}

/* ---- writing and reading ---------------------------------------------- */

static void
test_read_what_was_written (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfSegments) segments = open_segments (rig);
  MfSegment *one = create (rig, segments), *two = create (rig, segments);

  write_page (one, 0, 'a');
  write_page (two, 0, 'b');
  write_page (one, 1, 'c');
  g_assert_cmpint (read_page (one, 0), ==, 'a');
  g_assert_cmpint (read_page (one, 1), ==, 'c');
  g_assert_cmpint (read_page (two, 0), ==, 'b');
  g_assert_cmpint (mf_segment_id (one), !=, mf_segment_id (two));
}

static void
test_beyond_the_end_is_an_error (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfSegments) segments = open_segments (rig);
  g_autoptr (GError) error = NULL;
  MfSegment *segment = create (rig, segments);
  char byte;

  write_page (segment, 0, 'a');
  g_assert_cmpint (mf_segment_read (segment, PAGE * 2, &byte, 1, &error), ==, -1);
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT);
}

/* ---- what a new start trusts ------------------------------------------ */

static void
test_same_boot_is_trusted (MfRig *rig, gconstpointer data)
{
  {
    g_autoptr (MfSegments) segments = open_segments (rig);
    make_abc (rig, segments);
  }
  g_assert_cmpint (n_trusted (rig), ==, 3);
}

static void
test_other_boot_is_forgotten (MfRig *rig, gconstpointer data)
{
  gint64 id = 0;
  {
    g_autoptr (MfSegments) segments = open_segments (rig);
    id = make_abc (rig, segments);
  }
  mf_rig_sql (rig, "UPDATE segment SET boot = 'another'");
  g_assert_cmpint (n_trusted (rig), ==, 0);
  g_assert_false (has_file (rig, id));
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM segment"), ==, 0);
}

static void
test_synced_survives_another_boot (MfRig *rig, gconstpointer data)
{
  {
    g_autoptr (MfSegments) segments = open_segments (rig);
    make_abc (rig, segments);
    sync_segments (rig, segments, FALSE);
  }
  mf_rig_sql (rig, "UPDATE segment SET boot = 'another' WHERE boot IS NOT NULL");
  g_assert_cmpint (n_trusted (rig), ==, 3);
}

static void
test_writers_are_synced_at_the_end_only (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfSegments) segments = open_segments (rig);

  create (rig, segments);
  sync_segments (rig, segments, FALSE);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(boot) FROM segment"), ==, 1);
  sync_segments (rig, segments, TRUE);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(boot) FROM segment"), ==, 0);
}

static void
test_reopened_is_synced_later (MfRig *rig, gconstpointer data)
{
  {
    g_autoptr (MfSegments) segments = open_segments (rig);
    make_abc (rig, segments);
  }
  g_autoptr (MfSegments) again = open_segments (rig);
  sync_segments (rig, again, FALSE);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(boot) FROM segment"), ==, 0);
}

static void
test_another_nonce_is_forgotten (MfRig *rig, gconstpointer data)
{
  g_autofree char *path = NULL;
  {
    g_autoptr (MfSegments) segments = open_segments (rig);
    path = path_of (rig, make_abc (rig, segments));
  }
  int fd = open (path, O_RDWR);
  g_assert_cmpint (pwrite (fd, "12345678", 8, 0), ==, 8);
  close (fd);
  g_assert_cmpint (n_trusted (rig), ==, 0);
}

static void
test_cut_short_is_forgotten (MfRig *rig, gconstpointer data)
{
  g_autofree char *path = NULL;
  {
    g_autoptr (MfSegments) segments = open_segments (rig);
    path = path_of (rig, make_abc (rig, segments));
  }
  g_assert_cmpint (truncate (path, 4), ==, 0);
  g_assert_cmpint (n_trusted (rig), ==, 0);
}

static void
test_wiped_folder_is_forgotten (MfRig *rig, gconstpointer data)
{
  {
    g_autoptr (MfSegments) segments = open_segments (rig);
    make_abc (rig, segments);
  }
  mf_tempdir_clear (rig->cache_dir);
  g_assert_cmpint (n_trusted (rig), ==, 0);
}

static void
test_folder_wiped_under_us (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfSegments) segments = open_segments (rig);
  MfSegment *before = create (rig, segments);

  write_page (before, 0, 'a');
  mf_tempdir_clear (rig->cache_dir);
  g_rmdir (rig->cache_dir);
  MfSegment *after = create (rig, segments);
  write_page (after, 0, 'b');
  g_assert_cmpint (read_page (before, 0), ==, 'a');
  g_assert_cmpint (read_page (after, 0), ==, 'b');
}

static void
test_files_without_rows_are_removed (MfRig *rig, gconstpointer data)
{
  g_autofree char *stray = path_of (rig, 99);
  g_autofree char *other = g_build_filename (rig->cache_dir, "README", NULL);
  gint64 id = 0;

  g_assert_true (g_file_set_contents (stray, "12345678", 8, NULL));
  g_assert_true (g_file_set_contents (other, "mine", 4, NULL));
  {
    g_autoptr (MfSegments) segments = open_segments (rig);
    id = make_abc (rig, segments);
  }
  g_assert_cmpint (n_trusted (rig), ==, 3);
  g_assert_true (has_file (rig, id));
  g_assert_false (g_file_test (stray, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
}

/* ---- giving space back ------------------------------------------------ */

static void
test_sweep_keeps_rows_and_pins (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfSegments) segments = open_segments (rig);
  gint64 id = make_abc (rig, segments);
  guint generation = mf_segments_generation (segments);
  MfPin a, b;

  g_assert_cmpint (pin (segments, generation, id, 0, &a), ==, MF_PINNED_OK);
  g_assert_cmpint (pin (segments, generation, id, 1, &b), ==, MF_PINNED_OK);
  mf_segments_unpin (segments, &b);
  mf_rig_sql (rig, "DELETE FROM body WHERE message < 3");
  sweep (rig, segments);
  g_assert_cmpint (read_page (a.segment, 0), ==, 'a');
  g_assert_cmpint (read_page (a.segment, 2), ==, 'c');
  if (can_punch (rig))
    g_assert_cmpint (read_page (a.segment, 1), ==, 0);
  mf_segments_unpin (segments, &a);
}

static void
test_empty_one_goes (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfSegments) segments = open_segments (rig);
  gint64 id = make_abc (rig, segments);

  mf_rig_sql (rig, "DELETE FROM body");
  sweep (rig, segments);
  g_assert_false (has_file (rig, id));
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM segment"), ==, 0);
}

static void
test_pinned_one_goes_later (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfSegments) segments = open_segments (rig);
  gint64 id = make_abc (rig, segments);
  MfPin c;

  g_assert_cmpint (pin (segments, mf_segments_generation (segments), id, 2, &c), ==, MF_PINNED_OK);
  mf_rig_sql (rig, "DELETE FROM body");
  sweep (rig, segments);
  g_assert_cmpint (read_page (c.segment, 2), ==, 'c');
  mf_segments_unpin (segments, &c);
  sweep (rig, segments);
  g_assert_false (has_file (rig, id));
}

static void
test_writers_are_left_alone (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfSegments) segments = open_segments (rig);
  MfSegment *segment = create (rig, segments);

  write_page (segment, 0, 'a');
  sweep (rig, segments);
  g_assert_cmpint (read_page (segment, 0), ==, 'a');
  g_assert_true (has_file (rig, mf_segment_id (segment)));
}

static void
test_pin_after_a_sweep_is_stale (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfSegments) segments = open_segments (rig);
  gint64 id = make_abc (rig, segments);
  guint before = mf_segments_generation (segments);
  MfPin got;

  sweep (rig, segments);
  g_assert_cmpint (pin (segments, before, id, 0, &got), ==, MF_PINNED_STALE);
  guint now = mf_segments_generation (segments);
  g_assert_cmpint (pin (segments, now, 77, 0, &got), ==, MF_PINNED_GONE);
  g_assert_cmpint (pin (segments, now, id, 0, &got), ==, MF_PINNED_OK);
  mf_segments_unpin (segments, &got);
}

#define ADD(path, func)                                                                           \
  g_test_add ("/segments/" path, MfRig, NULL, mf_rig_set_up, func, mf_rig_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("what was written is read", test_read_what_was_written);
  ADD ("beyond the end of the file is an error", test_beyond_the_end_is_an_error);
  ADD ("what this boot wrote is trusted", test_same_boot_is_trusted);
  ADD ("what another boot did not sync is forgotten", test_other_boot_is_forgotten);
  ADD ("what was synced survives another boot", test_synced_survives_another_boot);
  ADD ("what is being written is synced at the end only",
       test_writers_are_synced_at_the_end_only);
  ADD ("what an earlier run did not sync is synced", test_reopened_is_synced_later);
  ADD ("a file of another index is forgotten", test_another_nonce_is_forgotten);
  ADD ("a file cut short is forgotten", test_cut_short_is_forgotten);
  ADD ("a wiped folder is forgotten", test_wiped_folder_is_forgotten);
  ADD ("the folder may be wiped under us", test_folder_wiped_under_us);
  ADD ("files without rows are removed, others not", test_files_without_rows_are_removed);
  ADD ("a sweep keeps rows and pins, and nothing else", test_sweep_keeps_rows_and_pins);
  ADD ("an empty segment goes", test_empty_one_goes);
  ADD ("a pinned segment goes when the pin does", test_pinned_one_goes_later);
  ADD ("a sweep leaves writers alone", test_writers_are_left_alone);
  ADD ("a pin from before a sweep is stale", test_pin_after_a_sweep_is_stale);
  return g_test_run ();
}
