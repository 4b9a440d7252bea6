#include "cache/download.h"

#include <string.h>

#include "cache/folders.h"
#include "cache/messages.h"
#include "tests/rig.h"

#define QRESYNC (MF_CAP_CONDSTORE | MF_CAP_QRESYNC)

typedef struct
{
  MfRig rig;
  MfBodyWriter *writer;
  MfFolderId folder;
  GArray *to_ask;    /* of MfWanted */
  guint asked;       /* of those */
  guint batch;       /* how many at a time */
  GString *told;     /* "3 " done, "3! " failed */
  int code;          /* of the last failure */
  gboolean urgent;   /* all of them */
  gboolean held;     /* all of them */
  void (*at_arrival) (gpointer fixture, MfMsgId id); /* (nullable) */
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_rig_init (&self->rig, QRESYNC);
  self->folder = mf_rig_put_folder (&self->rig, "INBOX");
  self->writer = mf_bodywriter_new (self->rig.bodies);
  self->to_ask = g_array_new (FALSE, FALSE, sizeof (MfWanted));
  self->told = g_string_new (NULL);
  self->batch = 3;
  mf_link_open (self->rig.link, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_string_free (self->told, TRUE);
  g_array_unref (self->to_ask);
  mf_bodywriter_free (self->writer);
  mf_rig_clear (&self->rig);
}

static void
fill (Fixture *self, guint n)
{
  mf_fake_fill (self->rig.fake, "INBOX", n);
  mf_rig_pull_folder (&self->rig, "INBOX");
}

static void
want (Fixture *self, guint32 uid)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  mf_messages_get_uid (self->rig.db, self->folder, uid, &message, &error);
  g_assert_no_error (error);
  MfWanted wanted = { message.id, uid, message.wire_size };
  g_array_append_val (self->to_ask, wanted);
}

static void
want_range (Fixture *self, guint32 first, guint32 last)
{
  for (guint32 uid = first; uid <= last; uid++)
    want (self, uid);
}

/* ---- the source ------------------------------------------------------- */

static gboolean
next (GArray *batch, gpointer user_data)
{
  Fixture *self = user_data;

  for (; self->asked < self->to_ask->len && batch->len < self->batch; self->asked++)
    g_array_append_val (batch, g_array_index (self->to_ask, MfWanted, self->asked));
  return batch->len > 0;
}

static gboolean
is_urgent (MfMsgId id, gpointer user_data)
{
  Fixture *self = user_data;

  if (self->at_arrival != NULL)
    self->at_arrival (self, id);
  return self->urgent;
}

static gboolean
is_held (MfMsgId id, gpointer user_data)
{
  return ((Fixture *) user_data)->held;
}

static guint32
uid_of (Fixture *self, MfMsgId id)
{
  for (guint i = 0; i < self->to_ask->len; i++)
    {
      MfWanted *wanted = &g_array_index (self->to_ask, MfWanted, i);
      if (wanted->id == id)
        return wanted->uid;
    }
  g_assert_not_reached ();
}

static void
done (MfMsgId id, const MfMessage *message, const GError *error, gpointer user_data)
{
  Fixture *self = user_data;

  g_string_append_printf (self->told, "%u%s ", uid_of (self, id), error != NULL ? "!" : "");
  if (error != NULL)
    {
      g_assert_cmpuint (error->domain, ==, MF_CACHE_ERROR);
      self->code = error->code;
    }
  else if (message != NULL)
    {
      g_assert_cmpint (message->id, ==, id);
      g_assert_true (message->cached || self->held);
      g_assert_true (message->exact);
    }
}

static void
elsewhere (const MfMessage *message, gpointer user_data)
{
  Fixture *self = user_data;

  g_string_append_printf (self->told, "%u> ", uid_of (self, message->id));
}

static gboolean
try_download (Fixture *self, GError **error)
{
  static const MfDownloadSource source = { next, is_urgent, is_held, done, elsewhere };
  g_autoptr (GError) local = NULL;

  g_string_truncate (self->told, 0);
  if (mf_link_open (self->rig.link, &local)
      && mf_download (self->rig.db, self->rig.bodies, self->writer, self->rig.link, self->folder,
                      &source, self, &local))
    return TRUE;
  mf_link_check (self->rig.link, local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static void
download (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  try_download (self, &error);
  g_assert_no_error (error);
}

static void
assert_told (Fixture *self, const char *expected)
{
  g_assert_cmpstr (self->told->str, ==, expected);
}

static gboolean
has (Fixture *self, guint32 uid)
{
  g_auto (MfMessage) message = { 0 };

  return mf_messages_get_uid (self->rig.db, self->folder, uid, &message, NULL) && message.cached;
}

static void
assert_reads (Fixture *self, guint32 uid)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) expected = NULL;

  g_assert_true (mf_messages_get_uid (self->rig.db, self->folder, uid, &message, NULL));
  g_autoptr (MfBody) here = mf_bodies_get (self->rig.bodies, self->rig.db, message.id, &error);
  g_assert_no_error (error);
  g_assert_true (mf_fake_message (self->rig.fake, "INBOX", uid, NULL, NULL, &body));
  expected = g_string_new_len (g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body));
  g_string_replace (expected, "\r\n", "\n", 0);
  g_autofree char *bytes = g_malloc0 (expected->len + 1);
  g_assert_cmpuint (mf_body_size (here), ==, expected->len);
  g_assert_cmpint (mf_body_read (here, 0, bytes, expected->len + 1, &error), ==,
                   (gssize) expected->len);
  g_assert_no_error (error);
  g_assert_cmpmem (bytes, expected->len, expected->str, expected->len);
  g_assert_cmpuint (message.size, ==, expected->len);
}

static GBytes *
make_body (gsize size, char letter)
{
  char *bytes = g_malloc (size);

  memset (bytes, letter, size);
  return g_bytes_new_take (bytes, size);
}

/* ---- all is well ------------------------------------------------------ */

static void
test_all_come (Fixture *self, gconstpointer data)
{
  fill (self, 200);
  want_range (self, 1, 200);
  download (self);
  for (guint32 uid = 1; uid <= 200; uid++)
    assert_reads (self, uid);
  g_assert_cmpuint (mf_fake_count (self->rig.fake, MF_FAKE_BODIES), ==, 1);
  g_assert_cmpuint (mf_fake_count (self->rig.fake, MF_FAKE_SELECT), ==, 1); /* by the pull */
}

static void
test_order_is_the_askers (Fixture *self, gconstpointer data)
{
  g_autofree char *sent = NULL;

  fill (self, 9);
  want_range (self, 7, 9);
  want_range (self, 1, 3);
  want_range (self, 4, 6);
  download (self);
  sent = mf_fake_bodies_sent (self->rig.fake);
  g_assert_cmpstr (sent, ==, "INBOX:7 INBOX:8 INBOX:9 INBOX:1 INBOX:2 INBOX:3 INBOX:4 INBOX:5"
                             " INBOX:6 ");
  assert_told (self, "7 8 9 1 2 3 4 5 6 ");
}

static void
test_small_pieces (Fixture *self, gconstpointer data)
{
  mf_fake_set_piece (self->rig.fake, 1);
  fill (self, 3);
  mf_fake_append (self->rig.fake, "INBOX", "", 0, NULL);
  mf_fake_append (self->rig.fake, "INBOX", "\r", 0, NULL);
  mf_rig_pull_folder (&self->rig, "INBOX");
  want_range (self, 1, 5);
  download (self);
  for (guint32 uid = 1; uid <= 5; uid++)
    assert_reads (self, uid);
}

static void
count_cached (gpointer fixture, MfMsgId id)
{
  Fixture *self = fixture;

  /* Those before are here, and told, when the next one arrives. */
  g_assert_cmpint (mf_rig_number (&self->rig, "SELECT COUNT(*) FROM body"), ==,
                   uid_of (self, id) - 1);
}

static void
test_urgent_ones_are_not_kept (Fixture *self, gconstpointer data)
{
  fill (self, 9);
  want_range (self, 1, 9);
  self->batch = 9;
  self->urgent = TRUE;
  self->at_arrival = count_cached;
  download (self);
  assert_told (self, "1 2 3 4 5 6 7 8 9 ");
}

static void
test_wrong_size_is_set_right (Fixture *self, gconstpointer data)
{
  g_auto (MfMessage) message = { 0 };

  mf_fake_fill (self->rig.fake, "INBOX", 1);
  mf_fake_claim_size (self->rig.fake, "INBOX", 1, 123456);
  mf_rig_pull_folder (&self->rig, "INBOX");
  want (self, 1);
  download (self);
  assert_reads (self, 1);
  g_assert_true (mf_messages_get_uid (self->rig.db, self->folder, 1, &message, NULL));
  g_assert_cmpuint (message.wire_size, ==, 123456);
  g_assert_cmpuint (message.size, <, 123456);
}

/* ---- one of them is not ----------------------------------------------- */

static void
test_nil_fails_alone (Fixture *self, gconstpointer data)
{
  fill (self, 6);
  mf_fake_set_body (self->rig.fake, "INBOX", 2, MF_FAKE_BODY_NIL);
  want_range (self, 1, 6);
  download (self);
  g_assert_cmpint (self->code, ==, MF_CACHE_ERROR_CORRUPT);
  g_assert_nonnull (strstr (self->told->str, "2! "));
  g_assert_cmpuint (strlen (self->told->str), ==, strlen ("1 2! 3 4 5 6 "));
  g_assert_false (has (self, 2));
  for (guint32 uid = 3; uid <= 6; uid++)
    assert_reads (self, uid);
}

static void
test_missing_fails_alone (Fixture *self, gconstpointer data)
{
  fill (self, 6);
  mf_fake_set_body (self->rig.fake, "INBOX", 2, MF_FAKE_BODY_MISSING);
  mf_fake_expunge (self->rig.fake, "INBOX", 6);
  want_range (self, 1, 6);
  download (self);
  assert_told (self, "1 3 4 5 2! 6! ");
  g_assert_cmpint (self->code, ==, MF_CACHE_ERROR_CORRUPT);
}

static void
test_refused_batch_fails_alone (Fixture *self, gconstpointer data)
{
  fill (self, 6);
  mf_fake_refuse_batches (self->rig.fake, MF_REMOTE_ERROR_REFUSED, 1);
  want_range (self, 1, 6);
  download (self);
  assert_told (self, "1! 2! 3! 4 5 6 ");
}

static void
test_without_uid_fails_alone (Fixture *self, gconstpointer data)
{
  MfWanted wanted = { 0, 0, 10 };

  fill (self, 2);
  want (self, 1);
  want (self, 2);
  wanted.id = g_array_index (self->to_ask, MfWanted, 0).id + 100;
  g_array_append_val (self->to_ask, wanted);
  download (self);
  assert_told (self, "0! 1 2 ");
}

static void
remove_row (gpointer fixture, MfMsgId id)
{
  Fixture *self = fixture;

  g_assert_true (mf_messages_remove (self->rig.db, id, NULL));
}

static void
test_removed_meanwhile_leaves_nothing (Fixture *self, gconstpointer data)
{
  fill (self, 1);
  want (self, 1);
  self->at_arrival = remove_row;
  download (self);
  assert_told (self, "1 ");
  g_assert_cmpint (mf_rig_number (&self->rig, "SELECT COUNT(*) FROM body"), ==, 0);
}

/* Sent, and no draft any more, before the text of before has come. */
static void
rewrite_row (gpointer fixture, MfMsgId id)
{
  Fixture *self = fixture;
  MfBodyPlace place = { 1, 0, 7 };

  g_assert_true (mf_messages_set_draft (self->rig.db, id, MF_DRAFT_NONE, 1, NULL));
  g_assert_true (mf_bodies_put (self->rig.bodies, self->rig.db, id, &place, NULL));
}

static void
test_rewritten_meanwhile_keeps_the_new_text (Fixture *self, gconstpointer data)
{
  fill (self, 1);
  want (self, 1);
  self->at_arrival = rewrite_row;
  download (self);
  assert_told (self, "1 ");
  g_assert_cmpint (mf_rig_number (&self->rig, "SELECT size FROM body"), ==, 7);
  g_assert_cmpint (mf_rig_number (&self->rig, "SELECT exact_size FROM message"), ==, 7);
}

static void
begin_writing (gpointer fixture, MfMsgId id)
{
  Fixture *self = fixture;

  self->held = TRUE;
  g_assert_true (mf_messages_set_exact (self->rig.db, id, 0, NULL));
}

static void
test_being_written_keeps_its_size (Fixture *self, gconstpointer data)
{
  fill (self, 1);
  want (self, 1);
  self->at_arrival = begin_writing;
  download (self);
  assert_told (self, "1 ");
  g_assert_cmpint (mf_rig_number (&self->rig, "SELECT COUNT(*) FROM body"), ==, 0);
  g_assert_cmpint (mf_rig_number (&self->rig, "SELECT exact_size FROM message"), ==, 0);
}

/* ---- the session is not ----------------------------------------------- */

static void
test_death_in_a_body (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_fake_set_piece (self->rig.fake, 7);
  fill (self, 9);
  want_range (self, 1, 9);
  mf_fake_die_in_body (self->rig.fake, 5, 20);
  g_assert_false (try_download (self, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpint (self->code, ==, MF_CACHE_ERROR_OFFLINE);
  for (guint32 uid = 1; uid <= 4; uid++)
    assert_reads (self, uid);
  g_assert_true (g_str_has_prefix (self->told->str, "1 2 3 4 "));
  for (guint32 uid = 5; uid <= self->asked; uid++)
    {
      g_autofree char *words = g_strdup_printf (" %u! ", uid);
      g_assert_nonnull (strstr (self->told->str, words));
      g_assert_false (has (self, uid));
    }
  self->asked = 4;
  download (self);
  assert_told (self, "5 6 7 8 9 ");
  for (guint32 uid = 1; uid <= 9; uid++)
    assert_reads (self, uid);
}

static void
test_no_folder_asks_nothing (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fill (self, 3);
  want_range (self, 1, 3);
  mf_rig_relink (&self->rig);
  mf_fake_fail (self->rig.fake, MF_FAKE_SELECT, MF_REMOTE_ERROR_NOT_FOUND, 1);
  g_assert_false (try_download (self, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND);
  g_assert_cmpuint (self->asked, ==, 0);
  assert_told (self, "");
}

/* As one that was made here and is not there yet. */
static void
test_no_mailbox_asks_nothing (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fill (self, 3);
  want_range (self, 1, 3);
  mf_rig_sql (&self->rig, "UPDATE folder SET mailbox = NULL");
  g_assert_false (try_download (self, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND);
  g_assert_cmpuint (self->asked, ==, 0);
}

static void
test_another_uidvalidity_asks_nothing (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fill (self, 3);
  want_range (self, 1, 3);
  mf_rig_relink (&self->rig);
  mf_fake_renumber (self->rig.fake, "INBOX");
  g_assert_false (try_download (self, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT);
  g_assert_cmpuint (self->asked, ==, 0);
}

static void
make_anew (gpointer fixture, MfMsgId id)
{
  Fixture *self = fixture;

  mf_fake_expunge (self->rig.fake, "INBOX", 1);
  mf_fake_renumber (self->rig.fake, "INBOX"); /* 2, 3 are 1, 2 */
}

/* What did not come is asked for once more, in a mailbox that is opened anew. */
static void
test_another_uidvalidity_is_not_asked_again (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fill (self, 3);
  mf_fake_set_body (self->rig.fake, "INBOX", 1, MF_FAKE_BODY_MISSING);
  want_range (self, 1, 2);
  self->at_arrival = make_anew;
  g_assert_false (try_download (self, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT);
  assert_told (self, "2 1! ");
  g_autofree char *sent = mf_fake_bodies_sent (self->rig.fake);
  g_assert_cmpstr (sent, ==, "INBOX:2 ");
}

/* Between wanting and asking the mailbox was made anew, and pulled by somebody else. */
static void
test_number_of_another_time_is_not_asked_for (Fixture *self, gconstpointer data)
{
  fill (self, 3);
  want_range (self, 1, 3);
  mf_rig_sql (&self->rig, "UPDATE message SET uid = 4 WHERE uid = 1");
  mf_rig_sql (&self->rig, "UPDATE message SET uid = NULL WHERE uid = 2");
  download (self);
  assert_told (self, "1> 2> 3 ");
  g_autofree char *sent = mf_fake_bodies_sent (self->rig.fake);
  g_assert_cmpstr (sent, ==, "INBOX:3 ");
}

/* ---- where they are put ----------------------------------------------- */

static void
sweep (gpointer fixture, MfMsgId id)
{
  Fixture *self = fixture;
  g_autoptr (GError) error = NULL;

  mf_segments_sweep (mf_bodies_segments (self->rig.bodies), self->rig.db, &error);
  g_assert_no_error (error);
}

/* The first body all but fills a segment; the small ones behind it have no rows
 * yet when the writer goes on to the next segment. */
static void
test_sweep_spares_what_has_no_rows_yet (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) large = make_body (MF_SEGMENT_FULL_BYTES - 500, 'L');
  g_autoptr (GBytes) small = make_body (400, 's');

  mf_fake_set_piece (self->rig.fake, 100000);
  mf_fake_append_bytes (self->rig.fake, "INBOX", large, 0, NULL);
  for (int i = 0; i < 5; i++)
    mf_fake_append_bytes (self->rig.fake, "INBOX", small, 0, NULL);
  mf_rig_pull_folder (&self->rig, "INBOX");
  want_range (self, 1, 6);
  self->batch = 10;
  self->at_arrival = sweep;
  download (self);
  g_assert_cmpint (mf_rig_number (&self->rig, "SELECT COUNT(DISTINCT segment) FROM body"), ==, 2);
  for (guint32 uid = 1; uid <= 6; uid++)
    assert_reads (self, uid);
}

#define ADD(path, func) g_test_add ("/download/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("all that is asked for comes in one operation", test_all_come);
  ADD ("batches come in the asker's order", test_order_is_the_askers);
  ADD ("pieces may be small and bodies empty", test_small_pieces);
  ADD ("what somebody waits for is not kept for a group", test_urgent_ones_are_not_kept);
  ADD ("a wrong size is set right", test_wrong_size_is_set_right);
  ADD ("a NIL body fails alone", test_nil_fails_alone);
  ADD ("a missing one fails alone", test_missing_fails_alone);
  ADD ("a refused batch fails alone", test_refused_batch_fails_alone);
  ADD ("one without a UID fails alone", test_without_uid_fails_alone);
  ADD ("one removed meanwhile leaves no body", test_removed_meanwhile_leaves_nothing);
  ADD ("one rewritten meanwhile keeps the new text", test_rewritten_meanwhile_keeps_the_new_text);
  ADD ("one being written keeps its size", test_being_written_keeps_its_size);
  ADD ("a death in a body fails the rest, and the next run goes on", test_death_in_a_body);
  ADD ("a folder that cannot be opened asks for nothing", test_no_folder_asks_nothing);
  ADD ("a folder without a mailbox asks for nothing", test_no_mailbox_asks_nothing);
  ADD ("another UIDVALIDITY asks for nothing", test_another_uidvalidity_asks_nothing);
  ADD ("another UIDVALIDITY is not asked again", test_another_uidvalidity_is_not_asked_again);
  ADD ("a number of another time is not asked for", test_number_of_another_time_is_not_asked_for);
  ADD ("a sweep spares what has no rows yet", test_sweep_spares_what_has_no_rows_yet);
  return g_test_run ();
}
