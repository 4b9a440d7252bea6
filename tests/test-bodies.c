#include "cache/bodies.h"

#include <string.h>

#include "cache/bodywriter.h"
#include "cache/eolchange.h"
#include "cache/messages.h"
#include "tests/rig.h"
#include "tests/tempdir.h"

#define LIMIT 10000

typedef struct
{
  MfRig rig;
  MfBodies *bodies;
  MfBodyWriter *writer;
  MfFolderId folder;
} Fixture;

static void
open_bodies (Fixture *self, gboolean crlf)
{
  g_autoptr (GError) error = NULL;

  self->bodies = mf_bodies_open (self->rig.cache_dir, crlf, LIMIT, self->rig.db, &error);
  g_assert_no_error (error);
  self->writer = mf_bodywriter_new (self->bodies);
}

static void
close_bodies (Fixture *self)
{
  g_clear_pointer (&self->writer, mf_bodywriter_free);
  g_clear_pointer (&self->bodies, mf_bodies_close);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  mf_rig_init (&self->rig, 0);
  self->folder = mf_rig_put_folder (&self->rig, "INBOX");
  open_bodies (self, FALSE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  close_bodies (self);
  mf_rig_clear (&self->rig);
}

/* A message with a body of @size times @letter. */
static MfMsgId
put (Fixture *self, guint32 uid, gsize size, char letter)
{
  g_autofree char *bytes = g_malloc (size + 1);
  g_autoptr (GError) error = NULL;
  MfMsgId id = mf_rig_put_message (&self->rig, self->folder, uid, size + 7);
  MfBodyPlace place = { 0 };

  memset (bytes, letter, size);
  mf_bodywriter_begin (self->writer, self->rig.db);
  mf_bodywriter_write (self->writer, bytes, size);
  gboolean ok = mf_bodywriter_finish (self->writer, &place, &error)
                && mf_bodywriter_flush (self->writer, &error)
                && mf_bodies_put (self->bodies, self->rig.db, id, &place, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  return id;
}

static MfBody *
open_body (Fixture *self, MfMsgId id)
{
  g_autoptr (GError) error = NULL;
  MfBody *body = mf_bodies_get (self->bodies, self->rig.db, id, &error);

  g_assert_no_error (error);
  return body;
}

static void
assert_is (MfBody *body, gsize size, char letter)
{
  g_autofree char *bytes = g_malloc (size + 10);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (mf_body_size (body), ==, size);
  g_assert_cmpint (mf_body_read (body, 0, bytes, size + 10, &error), ==, (gssize) size);
  g_assert_no_error (error);
  for (gsize i = 0; i < size; i++)
    g_assert_cmpint (bytes[i], ==, letter);
}

static void
assert_not_here (Fixture *self, MfMsgId id)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (mf_bodies_has (self->bodies, self->rig.db, id));
  g_assert_null (mf_bodies_get (self->bodies, self->rig.db, id, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND);
}

static void
tidy (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  mf_bodies_tidy (self->bodies, self->rig.db, &error);
  g_assert_no_error (error);
}

/* As if it was last read @hours after 1970. */
static void
set_used (Fixture *self, MfMsgId id, gint64 hours)
{
  g_assert_true (mf_db_run (self->rig.db, NULL, "UPDATE body SET used = ? WHERE message = ?", "ii",
                            3600 * hours, id));
}

/* ---- reading ---------------------------------------------------------- */

static void
test_read_what_was_put (Fixture *self, gconstpointer data)
{
  MfMsgId id = put (self, 1, 100, 'a');
  g_autoptr (MfBody) body = open_body (self, id);
  g_auto (MfMessage) message = { 0 };
  char some[10];

  assert_is (body, 100, 'a');
  g_assert_cmpint (mf_body_read (body, 95, some, 10, NULL), ==, 5);
  g_assert_cmpint (mf_body_read (body, 100, some, 10, NULL), ==, 0);
  g_assert_cmpint (mf_body_read (body, G_MAXUINT64, some, 10, NULL), ==, 0);
  g_assert_true (mf_messages_get (self->rig.db, id, &message, NULL));
  g_assert_true (message.exact);
  g_assert_true (message.cached);
  g_assert_cmpuint (message.size, ==, 100);
  g_assert_cmpuint (message.wire_size, ==, 107);
}

static void
test_empty_body (Fixture *self, gconstpointer data)
{
  g_autoptr (MfBody) body = open_body (self, put (self, 1, 0, 'a'));
  char byte;

  g_assert_cmpuint (mf_body_size (body), ==, 0);
  g_assert_cmpint (mf_body_read (body, 0, &byte, 1, NULL), ==, 0);
}

static void
test_missing (Fixture *self, gconstpointer data)
{
  assert_not_here (self, 77);
}

static void
test_survives_reopening (Fixture *self, gconstpointer data)
{
  MfMsgId id = put (self, 1, 100, 'a');

  close_bodies (self);
  open_bodies (self, FALSE);
  g_autoptr (MfBody) body = open_body (self, id);
  assert_is (body, 100, 'a');
  g_assert_cmpuint (mf_bodies_total (self->bodies), ==, 100);
}

/* ---- going ------------------------------------------------------------ */

static void
test_open_body_survives_removal (Fixture *self, gconstpointer data)
{
  MfMsgId id = put (self, 1, 5000, 'a');
  g_autoptr (MfBody) body = open_body (self, id);

  g_assert_true (mf_messages_remove (self->rig.db, id, NULL));
  mf_bodywriter_free (self->writer); /* so that the segment can be swept */
  self->writer = mf_bodywriter_new (self->bodies);
  g_assert_true (mf_bodies_sync (self->bodies, self->rig.db, NULL));
  assert_not_here (self, id);
  assert_is (body, 5000, 'a');
}

static void
test_open_body_survives_eviction (Fixture *self, gconstpointer data)
{
  MfMsgId id = put (self, 1, 9000, 'a');
  g_autoptr (MfBody) body = open_body (self, id);

  set_used (self, id, 1);
  mf_bodywriter_free (self->writer);
  self->writer = mf_bodywriter_new (self->bodies);
  put (self, 2, 9000, 'b');
  tidy (self);
  assert_not_here (self, id);
  assert_is (body, 9000, 'a');
}

static void
test_least_recently_used_go (Fixture *self, gconstpointer data)
{
  MfMsgId ids[12];

  for (guint32 i = 0; i < 12; i++)
    {
      ids[i] = put (self, i + 1, 1000, 'a');
      set_used (self, ids[i], (i + 6) % 12); /* the seventh is the oldest */
    }
  tidy (self);
  g_assert_cmpuint (mf_bodies_total (self->bodies), ==, 9000);
  for (guint i = 0; i < 12; i++)
    g_assert_cmpint (mf_bodies_has (self->bodies, self->rig.db, ids[i]), ==, i < 6 || i > 8);
}

/* It may be nowhere else by the time the change is sent. */
static void
test_unsent_stay (Fixture *self, gconstpointer data)
{
  MfMsgId ids[2] = { put (self, 1, 9000, 'a'), put (self, 2, 9000, 'b') };

  for (guint i = 0; i < 2; i++)
    set_used (self, ids[i], i);
  mf_rig_sql (&self->rig, "INSERT INTO change (kind, message, folder, made)"
                          " SELECT 1, id, folder, 0 FROM message WHERE uid = 1");
  put (self, 3, 9000, 'c');
  tidy (self);
  g_assert_true (mf_bodies_has (self->bodies, self->rig.db, ids[0]));
  assert_not_here (self, ids[1]);
  g_assert_false (mf_bodies_are_over (self->bodies));
}

static void
test_below_the_limit_nothing_goes (Fixture *self, gconstpointer data)
{
  for (guint32 uid = 1; uid <= 10; uid++)
    put (self, uid, 1000, 'a');
  g_assert_false (mf_bodies_are_over (self->bodies));
  tidy (self);
  g_assert_cmpuint (mf_bodies_total (self->bodies), ==, 10000);
}

static void
test_large_ones_go_as_well (Fixture *self, gconstpointer data)
{
  set_used (self, put (self, 1, 5000, 'a'), 1);
  set_used (self, put (self, 2, 5100, 'b'), 2);
  g_assert_true (mf_bodies_are_over (self->bodies));
  tidy (self);
  g_assert_cmpuint (mf_bodies_total (self->bodies), ==, 5100);
  g_assert_false (mf_bodies_are_over (self->bodies));
}

static void
test_larger_than_the_limit_goes (Fixture *self, gconstpointer data)
{
  put (self, 1, 2 * LIMIT, 'a');
  tidy (self);
  g_assert_cmpuint (mf_bodies_total (self->bodies), ==, 0);
}

static void
test_reading_makes_it_recent (Fixture *self, gconstpointer data)
{
  MfMsgId old = put (self, 1, 4000, 'a'), read = put (self, 2, 4000, 'b');

  set_used (self, old, 2);
  set_used (self, read, 1);
  mf_body_close (open_body (self, read));
  tidy (self);
  put (self, 3, 4000, 'c');
  tidy (self);
  assert_not_here (self, old);
  g_assert_true (mf_bodies_has (self->bodies, self->rig.db, read));
}

static void
test_wiped_folder_loses_bodies_only (Fixture *self, gconstpointer data)
{
  MfMsgId id = put (self, 1, 100, 'a');
  g_auto (MfMessage) message = { 0 };

  close_bodies (self);
  mf_tempdir_clear (self->rig.cache_dir);
  open_bodies (self, FALSE);
  assert_not_here (self, id);
  g_assert_true (mf_messages_get (self->rig.db, id, &message, NULL));
  g_assert_cmpuint (message.size, ==, 100);
  g_assert_true (message.exact);
  g_assert_cmpuint (mf_bodies_total (self->bodies), ==, 0);
}

static void
test_other_line_ends_start_anew (Fixture *self, gconstpointer data)
{
  MfMsgId id = put (self, 1, 100, 'a');
  g_auto (MfMessage) message = { 0 };

  close_bodies (self);
  open_bodies (self, TRUE);
  g_assert_true (mf_eolchange_run (self->bodies, self->rig.drafts, self->rig.db, NULL));
  g_assert_true (mf_bodies_are_crlf (self->bodies));
  assert_not_here (self, id);
  g_assert_true (mf_messages_get (self->rig.db, id, &message, NULL));
  g_assert_false (message.exact);
  g_assert_cmpuint (message.size, ==, 107);
  g_assert_true (mf_bodies_sync (self->bodies, self->rig.db, NULL));
  g_assert_cmpint (mf_rig_number (&self->rig, "SELECT COUNT(*) FROM segment"), ==, 0);
}

static void
test_put_again_replaces (Fixture *self, gconstpointer data)
{
  MfMsgId id = put (self, 1, 100, 'a');
  MfBodyPlace place = { 0 };

  mf_bodywriter_begin (self->writer, self->rig.db);
  mf_bodywriter_write (self->writer, "bb", 2);
  g_assert_true (mf_bodywriter_finish (self->writer, &place, NULL));
  g_assert_true (mf_bodywriter_flush (self->writer, NULL));
  g_assert_true (mf_bodies_put (self->bodies, self->rig.db, id, &place, NULL));
  g_autoptr (MfBody) body = open_body (self, id);
  assert_is (body, 2, 'b');
}

/* ---- at the same time ------------------------------------------------- */

typedef struct
{
  Fixture *fixture;
  MfDb *db;
  const MfMsgId *ids;
  gint *stop;
} Reading;

#define N_BODIES 40

/* A body that opens is read whole, whatever becomes of it meanwhile. */
static gpointer
read_all_the_time (gpointer data)
{
  Reading *self = data;
  guint n = 0;

  while (!g_atomic_int_get (self->stop) || n < 200)
    {
      guint i = n++ % N_BODIES;
      g_autoptr (GError) error = NULL;
      g_autoptr (MfBody) body
          = mf_bodies_get (self->fixture->bodies, self->db, self->ids[i], &error);
      if (body != NULL)
        assert_is (body, 600 + i, (char) ('A' + i));
      else
        g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND);
    }
  return NULL;
}

static void
put_again (Fixture *self, guint i, MfMsgId id)
{
  char bytes[600 + N_BODIES];
  MfBodyPlace place = { 0 };
  g_autoptr (GError) error = NULL;

  memset (bytes, 'A' + (int) i, sizeof bytes);
  mf_bodywriter_begin (self->writer, self->rig.db);
  mf_bodywriter_write (self->writer, bytes, 600 + i);
  gboolean ok = mf_bodywriter_finish (self->writer, &place, &error)
                && mf_bodywriter_flush (self->writer, &error)
                && mf_bodies_put (self->bodies, self->rig.db, id, &place, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
test_readers_and_evictions (Fixture *self, gconstpointer data)
{
  g_autoptr (MfDb) front = mf_db_open_lane (self->rig.db, NULL);
  MfMsgId ids[N_BODIES];
  gint stop = 0;
  Reading reading = { self, front, ids, &stop };
  GThread *threads[2];

  for (guint i = 0; i < N_BODIES; i++)
    ids[i] = mf_rig_put_message (&self->rig, self->folder, i + 1, 600);
  for (int i = 0; i < 2; i++)
    threads[i] = g_thread_new ("reader", read_all_the_time, &reading);
  for (guint round = 0; round < 30; round++)
    {
      for (guint i = 0; i < N_BODIES; i++)
        put_again (self, i, ids[i]);
      mf_bodywriter_free (self->writer);
      self->writer = mf_bodywriter_new (self->bodies);
      tidy (self);
    }
  g_atomic_int_set (&stop, 1);
  for (int i = 0; i < 2; i++)
    g_thread_join (threads[i]);
}

#define ADD(path, func) g_test_add ("/bodies/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("what was put is read", test_read_what_was_put);
  ADD ("a body may be empty", test_empty_body);
  ADD ("a body that is not here is NOT_FOUND", test_missing);
  ADD ("bodies survive a new start", test_survives_reopening);
  ADD ("an open body survives the removal of its message", test_open_body_survives_removal);
  ADD ("an open body survives its eviction", test_open_body_survives_eviction);
  ADD ("the least recently used go", test_least_recently_used_go);
  ADD ("those with an unsent change stay", test_unsent_stay);
  ADD ("below the limit nothing goes", test_below_the_limit_nothing_goes);
  ADD ("large ones go as well", test_large_ones_go_as_well);
  ADD ("one larger than the limit goes", test_larger_than_the_limit_goes);
  ADD ("reading makes a body recent", test_reading_makes_it_recent);
  ADD ("a wiped folder loses bodies, not sizes", test_wiped_folder_loses_bodies_only);
  ADD ("other line ends start anew", test_other_line_ends_start_anew);
  ADD ("a body put again replaces the old one", test_put_again_replaces);
  ADD ("readers see whole bodies while others are evicted", test_readers_and_evictions);
  return g_test_run ();
}
