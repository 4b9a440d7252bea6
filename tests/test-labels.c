#include "cache/labels.h"

#include "cache/messages.h"
#include "cache/pending.h"
#include "tests/rig.h"

/* A message with labels that the server has told. */
static MfMsgId
put_message (MfRig *rig, const char *labels)
{
  MfMsgId id = mf_rig_put_message (rig, mf_rig_put_folder (rig, "a"), 1, 10);

  g_assert_true (
      mf_db_run (rig->db, NULL, "UPDATE message SET labels = ? WHERE id = ?", "si", labels, id));
  return id;
}

static void
journal (MfRig *rig, MfMsgId id, const char *add, const char *remove)
{
  g_assert_true (mf_labels_journal (rig->db, id, add, remove, NULL));
}

/* The entries as "+ADD-REMOVE". */
static void
assert_entries (MfRig *rig, const char *expected)
{
  g_autoptr (GArray) entries = mf_pending_list (rig->db, MF_CHANGE_QUEUED, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < entries->len; i++)
    {
      const MfChange *entry = &g_array_index (entries, MfChange, i);
      g_assert_cmpint (entry->kind, ==, MF_CHANGE_LABELS);
      g_string_append_printf (text, "+%s-%s", entry->add_keywords != NULL ? entry->add_keywords : "",
                              entry->remove_keywords != NULL ? entry->remove_keywords : "");
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_later_changes_change_the_entry (MfRig *rig, gconstpointer data)
{
  MfMsgId id = put_message (rig, "");

  journal (rig, id, "\"to do\" x", NULL);
  journal (rig, id, "y", "x");
  assert_entries (rig, "+\"to do\" y-");
  journal (rig, id, NULL, "z");
  assert_entries (rig, "+\"to do\" y-z");
  journal (rig, id, "z", "y \"to do\"");
  assert_entries (rig, "");
}

static void
test_what_was_sent_is_not_changed (MfRig *rig, gconstpointer data)
{
  MfMsgId id = put_message (rig, "");

  journal (rig, id, "x", NULL);
  mf_rig_sql (rig, "UPDATE change SET state = 1");
  journal (rig, id, NULL, "x");
  assert_entries (rig, "+-x");
}

static void
test_pending_changes_come_on_top (MfRig *rig, gconstpointer data)
{
  MfMsgId id = put_message (rig, "");
  g_autofree char *labels = g_strdup ("old \"to do\""), *none = g_strdup ("old");

  journal (rig, id, "new", "\"to do\"");
  g_assert_true (mf_labels_merge (rig->db, id, &labels, NULL));
  g_assert_cmpstr (labels, ==, "new old");
  journal (rig, id, NULL, "new old");
  g_assert_true (mf_labels_merge (rig->db, id, &none, NULL));
  g_assert_cmpstr (none, ==, "");
}

static void
test_a_refused_change_goes_back (MfRig *rig, gconstpointer data)
{
  MfMsgId id = put_message (rig, "bad later");
  g_auto (MfMessage) row = { 0 }, after = { 0 };

  journal (rig, id, "later", NULL);
  g_assert_true (mf_messages_get (rig->db, id, &row, NULL));
  g_assert_true (mf_labels_revert (rig->db, &row, "bad", "\"to do\"", NULL));
  g_assert_true (mf_messages_get (rig->db, id, &after, NULL));
  g_assert_cmpstr (after.labels, ==, "\"to do\" later");
}

#define ADD(path, func)                                                                           \
  g_test_add ("/labels/" path, MfRig, NULL, mf_rig_set_up, func, mf_rig_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("later changes change the entry", test_later_changes_change_the_entry);
  ADD ("what was sent is not changed", test_what_was_sent_is_not_changed);
  ADD ("pending changes come on top", test_pending_changes_come_on_top);
  ADD ("a refused change goes back", test_a_refused_change_goes_back);
  return g_test_run ();
}
