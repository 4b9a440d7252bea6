#include "cache/messages.h"

#include "tests/rig.h"

static MfMsgId
insert (MfRig *rig, MfFolderId folder, const MfRemoteMessage *remote)
{
  g_autoptr (GError) error = NULL;
  MfMsgId id = 0;

  mf_messages_insert_remote (rig->db, folder, folder, remote, &id, &error);
  g_assert_no_error (error);
  return id;
}

static void
get (MfRig *rig, MfMsgId id, MfMessage *out)
{
  g_autoptr (GError) error = NULL;

  mf_message_clear (out);
  mf_messages_get (rig->db, id, out, &error);
  g_assert_no_error (error);
}

static void
update (MfRig *rig, MfMsgId id, const MfRemoteMessage *remote, MfMessage *out)
{
  g_autoptr (GError) error = NULL;

  get (rig, id, out);
  mf_messages_update_remote (rig->db, out, remote, &error);
  g_assert_no_error (error);
  get (rig, id, out);
}

static void
test_all_is_stored (MfRig *rig, gconstpointer data)
{
  MfRemoteMessage remote = { .uid = G_MAXUINT32, .has_flags = TRUE,
                             .flags = MF_FLAG_SEEN | MF_FLAG_FORWARDED, .keywords = "$Junk work",
                             .internaldate = -5, .size = G_GUINT64_CONSTANT (1) << 40,
                             .modseq = G_MAXINT64, .emailid = "E1", .threadid = "T1",
                             .labels = "x y" };
  g_auto (MfMessage) got = { 0 };
  MfFolderId folder = mf_rig_put_folder (rig, "a");

  get (rig, insert (rig, folder, &remote), &got);
  g_assert_cmpint (got.folder, ==, folder);
  g_assert_cmpuint (got.uid, ==, G_MAXUINT32);
  g_assert_cmpint (got.place, ==, MF_PLACE_CUR);
  g_assert_cmpint (got.flags, ==, MF_FLAG_SEEN | MF_FLAG_FORWARDED);
  g_assert_cmpstr (got.keywords, ==, "$Junk work");
  g_assert_cmpint (got.internaldate, ==, -5);
  g_assert_cmpuint (got.size, ==, remote.size);
  g_assert_cmpuint (got.wire_size, ==, remote.size);
  g_assert_false (got.exact);
  g_assert_false (got.cached);
  g_assert_cmpuint (got.modseq, ==, G_MAXINT64);
  g_assert_cmpstr (got.emailid, ==, "E1");
  g_assert_cmpstr (got.threadid, ==, "T1");
  g_assert_cmpstr (got.labels, ==, "x y");
  g_assert_null (got.base);
}

static void
test_without_flags_it_is_new (MfRig *rig, gconstpointer data)
{
  MfRemoteMessage remote = { .uid = 1, .has_flags = TRUE, .keywords = "$Junk", .size = 1 };
  g_auto (MfMessage) got = { 0 };

  get (rig, insert (rig, mf_rig_put_folder (rig, "a"), &remote), &got);
  g_assert_cmpint (got.place, ==, MF_PLACE_NEW);
}

static void
test_a_flag_moves_it_to_cur_for_good (MfRig *rig, gconstpointer data)
{
  MfRemoteMessage plain = { .uid = 1, .has_flags = TRUE, .keywords = "", .size = 1, .modseq = 5 };
  MfRemoteMessage seen = { .uid = 1, .has_flags = TRUE, .flags = MF_FLAG_SEEN, .keywords = "a",
                           .modseq = 6 };
  g_auto (MfMessage) got = { 0 };
  MfMsgId id = insert (rig, mf_rig_put_folder (rig, "a"), &plain);

  update (rig, id, &seen, &got);
  g_assert_cmpint (got.place, ==, MF_PLACE_CUR);
  g_assert_cmpint (got.flags, ==, MF_FLAG_SEEN);
  g_assert_cmpstr (got.keywords, ==, "a");
  g_assert_cmpuint (got.modseq, ==, 6);
  update (rig, id, &plain, &got);
  g_assert_cmpint (got.place, ==, MF_PLACE_CUR);
  g_assert_cmpint (got.flags, ==, 0);
  g_assert_null (got.keywords);
  g_assert_cmpuint (got.modseq, ==, 6);
}

static void
test_labels_come_and_go (MfRig *rig, gconstpointer data)
{
  MfRemoteMessage with = { .uid = 1, .has_flags = TRUE, .keywords = "", .size = 1, .labels = "x" };
  MfRemoteMessage none = { .uid = 1, .labels = "" }, untold = { .uid = 1 };
  g_auto (MfMessage) got = { 0 };
  MfMsgId id = insert (rig, mf_rig_put_folder (rig, "a"), &with);

  update (rig, id, &untold, &got);
  g_assert_cmpstr (got.labels, ==, "x");
  update (rig, id, &none, &got);
  g_assert_cmpstr (got.labels, ==, "");
}

static void
test_found_by_uid_and_name (MfRig *rig, gconstpointer data)
{
  g_auto (MfMessage) got = { 0 }, named = { 0 }, none = { 0 };
  g_autoptr (GError) error = NULL;
  MfFolderId folder = mf_rig_put_folder (rig, "a"), other = mf_rig_put_folder (rig, "b");
  MfMsgId id = mf_rig_put_message (rig, folder, 7, 10);

  mf_rig_put_message (rig, other, 7, 10);
  g_assert_true (mf_messages_get_uid (rig->db, folder, 7, &got, NULL));
  g_assert_cmpint (got.id, ==, id);
  g_assert_true (mf_db_run (rig->db, NULL, "UPDATE message SET base = 'n' WHERE id = ?", "i", id));
  g_assert_true (mf_messages_get_base (rig->db, folder, FALSE, "n", &named, NULL));
  g_assert_cmpint (named.id, ==, id);
  g_assert_false (mf_messages_get_base (rig->db, folder, TRUE, "n", &none, NULL));
  g_assert_false (mf_messages_get_base (rig->db, other, FALSE, "n", &none, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND);
}

static void
test_a_uid_is_there_once (MfRig *rig, gconstpointer data)
{
  MfRemoteMessage remote = { .uid = 7, .has_flags = TRUE, .keywords = "", .size = 1 };
  g_autoptr (GError) error = NULL;
  MfFolderId folder = mf_rig_put_folder (rig, "a");
  MfMsgId id = 0;

  insert (rig, folder, &remote);
  g_assert_false (mf_messages_insert_remote (rig->db, folder, folder, &remote, &id, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_EXISTS);
  insert (rig, mf_rig_put_folder (rig, "b"), &remote);
}

typedef struct
{
  GString *seen;
  guint most;
} Reading;

static gboolean
read_row (const MfMessage *message, gpointer user_data)
{
  Reading *self = user_data;

  g_string_append_printf (self->seen, "%u ", message->uid);
  return --self->most > 0;
}

static char *
read_list (MfRig *rig, MfFolderId folder, MfPlace place, MfMsgId after, guint most)
{
  Reading reading = { g_string_new (NULL), most };
  g_autoptr (GError) error = NULL;

  mf_messages_list (rig->db, folder, place, after, read_row, &reading, &error);
  g_assert_no_error (error);
  return g_string_free (reading.seen, FALSE);
}

static void
test_list_goes_by_id (MfRig *rig, gconstpointer data)
{
  MfFolderId folder = mf_rig_put_folder (rig, "a"), other = mf_rig_put_folder (rig, "b");
  MfMsgId ids[6];

  for (guint32 i = 0; i < 6; i++)
    {
      ids[i] = mf_rig_put_message (rig, folder, 60 - i, 10);
      mf_rig_put_message (rig, other, 1 + i, 10);
    }
  mf_rig_sql (rig, "UPDATE message SET place = 1 WHERE uid = 58");
  g_autofree char *all = read_list (rig, folder, MF_PLACE_CUR, 0, 100);
  g_autofree char *rest = read_list (rig, folder, MF_PLACE_CUR, ids[2], 100);
  g_autofree char *some = read_list (rig, folder, MF_PLACE_CUR, 0, 2);
  g_autofree char *fresh = read_list (rig, folder, MF_PLACE_NEW, 0, 100);
  g_assert_cmpstr (all, ==, "60 59 57 56 55 ");
  g_assert_cmpstr (rest, ==, "57 56 55 ");
  g_assert_cmpstr (some, ==, "60 59 ");
  g_assert_cmpstr (fresh, ==, "58 ");
}

static void
test_exact_size_wins (MfRig *rig, gconstpointer data)
{
  g_auto (MfMessage) got = { 0 };
  MfMsgId id = mf_rig_put_message (rig, mf_rig_put_folder (rig, "a"), 1, 100);

  g_assert_true (mf_messages_set_exact (rig->db, id, 0, NULL));
  get (rig, id, &got);
  g_assert_true (got.exact);
  g_assert_cmpuint (got.size, ==, 0);
  g_assert_cmpuint (got.wire_size, ==, 100);
}

static void
test_removal_takes_the_body_not_the_id (MfRig *rig, gconstpointer data)
{
  MfFolderId folder = mf_rig_put_folder (rig, "a");
  MfMsgId id = mf_rig_put_message (rig, folder, 1, 100);

  mf_rig_sql (rig, "INSERT INTO body SELECT id, 1, 8, 10, 0 FROM message");
  g_assert_true (mf_messages_remove (rig->db, id, NULL));
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM body"), ==, 0);
  mf_rig_reopen (rig);
  g_assert_cmpint (mf_rig_put_message (rig, folder, 2, 100), >, id);
}

static void
test_uids_of_a_folder (MfRig *rig, gconstpointer data)
{
  g_autoptr (MfUidSet) uids = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autofree char *text = NULL;
  MfFolderId folder = mf_rig_put_folder (rig, "a"), other = mf_rig_put_folder (rig, "b");
  MfMsgId last = mf_rig_put_message (rig, folder, G_MAXUINT32, 1);
  MfMsgId third = mf_rig_put_message (rig, folder, 3, 1);

  mf_rig_put_message (rig, folder, 1, 1);
  mf_rig_put_message (rig, other, 9, 1);
  uids = mf_messages_uids (rig->db, folder, NULL);
  text = mf_uidset_to_string (uids);
  g_assert_cmpstr (text, ==, "1,3,4294967295");
  ids = mf_messages_ids_between (rig->db, folder, 2, G_MAXUINT32, NULL);
  g_assert_cmpuint (ids->len, ==, 2);
  g_assert_cmpint (g_array_index (ids, MfMsgId, 0), ==, third);
  g_assert_cmpint (g_array_index (ids, MfMsgId, 1), ==, last);
}

static void
test_copy_is_deep (MfRig *rig, gconstpointer data)
{
  MfMessage message = { .id = 1, .base = g_strdup ("b"), .keywords = g_strdup ("k"),
                        .emailid = g_strdup ("e"), .threadid = g_strdup ("t"),
                        .labels = g_strdup ("l") };
  g_auto (MfMessage) copy = { 0 };

  mf_message_copy (&message, &copy);
  mf_message_clear (&message);
  g_assert_cmpstr (copy.base, ==, "b");
  g_assert_cmpstr (copy.keywords, ==, "k");
  g_assert_cmpstr (copy.emailid, ==, "e");
  g_assert_cmpstr (copy.threadid, ==, "t");
  g_assert_cmpstr (copy.labels, ==, "l");
}

#define ADD(path, func)                                                                           \
  g_test_add ("/messages/" path, MfRig, NULL, mf_rig_set_up, func, mf_rig_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("all that the server says is stored", test_all_is_stored);
  ADD ("without flags it is in new", test_without_flags_it_is_new);
  ADD ("a flag moves it to cur for good", test_a_flag_moves_it_to_cur_for_good);
  ADD ("labels come and go, and stay when nothing is said", test_labels_come_and_go);
  ADD ("it is found by UID and by name", test_found_by_uid_and_name);
  ADD ("a UID is in a folder once", test_a_uid_is_there_once);
  ADD ("a list goes by id and stops when told", test_list_goes_by_id);
  ADD ("the exact size wins over the hint", test_exact_size_wins);
  ADD ("removal takes the body along, not the id", test_removal_takes_the_body_not_the_id);
  ADD ("UIDs are of one folder, ascending", test_uids_of_a_folder);
  ADD ("a copy is deep", test_copy_is_deep);
  return g_test_run ();
}
