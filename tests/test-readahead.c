#include "cache/readahead.h"

#include "cache/messages.h"
#include "tests/rig.h"

#define MIB (1024 * 1024)
#define WINDOW_MIB 32
#define BATCH_MIB 1

typedef struct
{
  MfRig rig;
  MfReadahead *readahead;
  MfFolderId folder;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  mf_rig_init (&self->rig, 0);
  self->readahead = mf_readahead_new ();
  self->folder = mf_rig_put_folder (&self->rig, "INBOX");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  mf_readahead_free (self->readahead);
  mf_rig_clear (&self->rig);
}

/* UIDs and, in an index of one folder, ids from 1 to @n; dates go with them. */
static void
fill (Fixture *self, guint n, guint64 size)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  g_assert_true (mf_db_begin (self->rig.db, &txn, NULL));
  for (guint32 uid = 1; uid <= n; uid++)
    g_assert_cmpint (mf_rig_put_message (&self->rig, self->folder, uid, size), ==, uid);
  g_assert_true (mf_db_commit (&txn, NULL));
}

/* The reader opens the message with that UID. */
static gboolean
open_uid (Fixture *self, guint32 uid)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  mf_messages_get_uid (self->rig.db, self->folder, uid, &message, &error);
  g_assert_no_error (error);
  return mf_readahead_note (self->readahead, &message);
}

static void
open_range (Fixture *self, guint32 first, guint32 last)
{
  for (guint32 uid = first; uid <= last; uid++)
    open_uid (self, uid);
}

static GArray *
ask (Fixture *self)
{
  GArray *batch = g_array_new (FALSE, FALSE, sizeof (MfWanted));
  g_autoptr (GError) error = NULL;
  gboolean more = mf_readahead_next (self->readahead, self->rig.db, batch, &error);

  g_assert_no_error (error);
  g_assert_cmpint (more, ==, batch->len > 0);
  return batch;
}

/* UIDs of the next batch, in their order. */
static char *
ask_uids (Fixture *self)
{
  g_autoptr (GArray) batch = ask (self);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < batch->len; i++)
    g_string_append_printf (text, "%s%u", i > 0 ? " " : "", g_array_index (batch, MfWanted, i).uid);
  return g_string_free (text, FALSE);
}

static void
assert_asks (Fixture *self, const char *expected)
{
  g_autofree char *uids = ask_uids (self);

  g_assert_cmpstr (uids, ==, expected);
}

/* Everything it asks for until the reader moves; returns the bytes. */
static guint64
ask_all (Fixture *self, guint32 *out_last)
{
  guint64 bytes = 0;

  for (;;)
    {
      g_autoptr (GArray) batch = ask (self);
      if (batch->len == 0)
        return bytes;
      for (guint i = 0; i < batch->len; i++)
        {
          MfWanted *wanted = &g_array_index (batch, MfWanted, i);
          bytes += wanted->wire_size;
          *out_last = wanted->uid;
        }
    }
}

/* ---- what is a walk --------------------------------------------------- */

static void
test_walk_by_id (Fixture *self, gconstpointer data)
{
  fill (self, 10, 100 * 1024);
  open_range (self, 1, 3);
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, 0);
  g_assert_true (open_uid (self, 4));
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, self->folder);
  assert_asks (self, "5");
  assert_asks (self, "6 7");
  assert_asks (self, "8 9 10");
}

static void
test_lost_messages_are_no_walk (Fixture *self, gconstpointer data)
{
  for (MfMsgId id = 1; id <= 9; id++)
    {
      MfMessage message = { .id = id, .folder = MF_FOLDER_LOST, .place = MF_PLACE_CUR };
      g_assert_false (mf_readahead_note (self->readahead, &message));
    }
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, 0);
}

static void
test_walk_with_gaps (Fixture *self, gconstpointer data)
{
  fill (self, 200, 100 * 1024);
  open_uid (self, 1);
  open_uid (self, 40);
  open_uid (self, 41);
  g_assert_true (open_uid (self, 100));
  assert_asks (self, "101");
}

/* Dates run backwards, so names go from the highest id to the lowest. */
static void
test_walk_by_name (Fixture *self, gconstpointer data)
{
  fill (self, 20, 100 * 1024);
  mf_rig_sql (&self->rig, "UPDATE message SET internaldate = 1000000 - 60 * uid");
  for (guint32 uid = 20; uid > 14; uid--)
    g_assert_false (open_uid (self, uid));
  g_assert_true (open_uid (self, 14));
  assert_asks (self, "13");
  assert_asks (self, "12 11");
}

static void
test_same_date_goes_by_uid (Fixture *self, gconstpointer data)
{
  fill (self, 500, 100 * 1024);
  mf_rig_sql (&self->rig, "UPDATE message SET internaldate = 7");
  for (guint32 uid = 1; uid <= 390; uid += 65) /* too far apart for ids */
    g_assert_false (open_uid (self, uid));
  g_assert_true (open_uid (self, 391));
  assert_asks (self, "392");
}

static void
test_random_is_no_walk (Fixture *self, gconstpointer data)
{
  fill (self, 1000, 100);
  for (guint32 i = 0; i < 200; i++)
    g_assert_false (open_uid (self, 1 + (i * 389) % 1000));
}

static void
test_backwards_is_no_walk (Fixture *self, gconstpointer data)
{
  fill (self, 50, 100);
  for (guint32 uid = 50; uid > 0; uid--)
    g_assert_false (open_uid (self, uid));
}

static void
test_same_one_again_is_no_walk (Fixture *self, gconstpointer data)
{
  fill (self, 10, 100);
  for (int i = 0; i < 20; i++)
    g_assert_false (open_uid (self, 5));
}

static void
test_other_place_is_no_step (Fixture *self, gconstpointer data)
{
  fill (self, 10, 100);
  mf_rig_sql (&self->rig, "UPDATE message SET place = uid % 2");
  for (guint32 uid = 1; uid <= 8; uid++)
    g_assert_false (open_uid (self, uid));
}

/* ---- following it ----------------------------------------------------- */

static void
test_cached_are_skipped (Fixture *self, gconstpointer data)
{
  fill (self, 10, 100 * 1024);
  mf_rig_sql (&self->rig, "INSERT INTO body SELECT id, 1, 8, 10, 0 FROM message"
                          " WHERE uid IN (5, 7)");
  mf_rig_sql (&self->rig, "UPDATE message SET draft = 2 WHERE uid = 8");
  open_range (self, 1, 4);
  assert_asks (self, "6");
  assert_asks (self, "9 10");
  assert_asks (self, "");
}

static void
test_end_of_the_folder (Fixture *self, gconstpointer data)
{
  guint32 last = 0;

  fill (self, 8, 100);
  mf_rig_put_message (&self->rig, mf_rig_put_folder (&self->rig, "other"), 9, 100);
  open_range (self, 1, 4);
  ask_all (self, &last);
  g_assert_cmpuint (last, ==, 8);
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, 0);
  g_assert_false (open_uid (self, 5));
}

static void
test_more_than_a_plan (Fixture *self, gconstpointer data)
{
  guint32 last = 0;

  fill (self, 3000, 10);
  open_range (self, 1, 4);
  g_assert_cmpuint (ask_all (self, &last), ==, 2996 * 10);
  g_assert_cmpuint (last, ==, 3000);
}

static void
test_window_is_bounded (Fixture *self, gconstpointer data)
{
  guint32 last = 0;
  guint64 bytes;

  fill (self, 2000, 100 * 1024);
  open_range (self, 1, 4);
  bytes = ask_all (self, &last);
  g_assert_cmpuint (bytes, >=, WINDOW_MIB * MIB);
  g_assert_cmpuint (bytes, <=, (WINDOW_MIB + BATCH_MIB + 1) * MIB);
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, 0);

  guint32 before = last;
  for (guint32 uid = 5; uid <= last - 100; uid++)
    open_uid (self, uid);
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, self->folder);
  bytes = ask_all (self, &last);
  g_assert_cmpuint (bytes, ==, (last - before) * 100 * 1024);
  g_assert_cmpuint ((last - (before - 100)) * 100 * 1024, <=, (WINDOW_MIB + BATCH_MIB + 1) * MIB);
}

static void
test_one_huge_message (Fixture *self, gconstpointer data)
{
  fill (self, 100, 100);
  mf_rig_sql (&self->rig, "UPDATE message SET wire_size = 4000000000 WHERE uid = 6");
  open_range (self, 1, 4);
  assert_asks (self, "5 6");
  assert_asks (self, "");
  open_range (self, 5, 6);
  g_autofree char *more = ask_uids (self);
  g_assert_true (g_str_has_prefix (more, "7 8 "));
}

/* A server may claim 0 for all. */
static void
test_no_sizes_are_bounded (Fixture *self, gconstpointer data)
{
  fill (self, 5000, 0);
  open_range (self, 1, 4);
  g_autoptr (GArray) batch = ask (self);
  g_assert_cmpuint (batch->len, <=, 2000);
}

static void
test_reader_that_overtakes (Fixture *self, gconstpointer data)
{
  fill (self, 100, 100 * 1024);
  open_range (self, 1, 4);
  assert_asks (self, "5");
  assert_asks (self, "6 7");
  g_assert_true (open_uid (self, 50));
  assert_asks (self, "51 52 53");
}

static void
test_strays_do_not_end_it (Fixture *self, gconstpointer data)
{
  fill (self, 300, 100 * 1024);
  open_range (self, 1, 4);
  assert_asks (self, "5");
  for (int i = 0; i < 20; i++)
    open_uid (self, (guint32) (200 - i));
  g_assert_true (open_uid (self, 5));
  assert_asks (self, "6 7");
}

static void
test_many_strays_end_it (Fixture *self, gconstpointer data)
{
  fill (self, 300, 100 * 1024);
  open_range (self, 1, 4);
  for (int i = 0; i < 64; i++)
    open_uid (self, (guint32) (200 - i));
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, 0);
  open_range (self, 250, 253);
  assert_asks (self, "254");
}

static void
test_next_folder_at_once (Fixture *self, gconstpointer data)
{
  MfFolderId first = self->folder;
  guint32 last = 0;

  fill (self, 10, 100);
  self->folder = mf_rig_put_folder (&self->rig, "other");
  for (guint32 uid = 1; uid <= 10; uid++)
    mf_rig_put_message (&self->rig, self->folder, uid, 100);
  self->folder = first;
  open_range (self, 1, 4);
  ask_all (self, &last);
  open_range (self, 5, 10);
  self->folder = mf_rig_find (&self->rig, "other");
  open_range (self, 1, 4);
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, self->folder);
  assert_asks (self, "5 6 7 8 9 10");
}

static void
test_it_can_be_ended (Fixture *self, gconstpointer data)
{
  fill (self, 100, 100);
  open_range (self, 1, 4);
  mf_readahead_end (self->readahead, self->folder + 1);
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, self->folder);
  mf_readahead_end (self->readahead, self->folder);
  g_assert_cmpint (mf_readahead_folder (self->readahead), ==, 0);
  assert_asks (self, "");
}

static void
test_what_goes_meanwhile_is_no_harm (Fixture *self, gconstpointer data)
{
  fill (self, 20, 100 * 1024);
  open_range (self, 1, 4);
  assert_asks (self, "5");
  mf_rig_sql (&self->rig, "DELETE FROM message WHERE uid BETWEEN 5 AND 9");
  open_range (self, 10, 11);
  assert_asks (self, "12 13");
}

#define ADD(path, func) g_test_add ("/readahead/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("three steps forward are a walk by id", test_walk_by_id);
  ADD ("through lost messages there is no walk", test_lost_messages_are_no_walk);
  ADD ("a walk may skip some", test_walk_with_gaps);
  ADD ("six steps by date are a walk by name", test_walk_by_name);
  ADD ("those of one date go by UID", test_same_date_goes_by_uid);
  ADD ("opens at random are no walk", test_random_is_no_walk);
  ADD ("backwards is no walk", test_backwards_is_no_walk);
  ADD ("the same one again is no walk", test_same_one_again_is_no_walk);
  ADD ("from cur to new is no step", test_other_place_is_no_step);
  ADD ("what is cached is skipped", test_cached_are_skipped);
  ADD ("it ends with the folder", test_end_of_the_folder);
  ADD ("it goes on behind what was planned at first", test_more_than_a_plan);
  ADD ("the window is bounded and moves with the reader", test_window_is_bounded);
  ADD ("a huge message fills the window alone", test_one_huge_message);
  ADD ("messages without a size are bounded", test_no_sizes_are_bounded);
  ADD ("a reader that overtakes leaves out what it passed", test_reader_that_overtakes);
  ADD ("strays do not end it", test_strays_do_not_end_it);
  ADD ("many strays end it", test_many_strays_end_it);
  ADD ("at its end another can begin at once", test_next_folder_at_once);
  ADD ("it can be ended", test_it_can_be_ended);
  ADD ("messages may go meanwhile", test_what_goes_meanwhile_is_no_harm);
  return g_test_run ();
}
