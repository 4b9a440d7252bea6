/* Entries of the journal that are changed when the push worker has read them. */
#include "cache/account.h"
#include "cache/cache.h"
#include "cache/journal.h"
#include "cache/messages.h"
#include "cache/pending.h"

#include "tests/check.h"
#include "tests/door.h"
#include "tests/rig.h"

/* What is sent is what is marked. */
static void
test_renamed_before_it_is_marked (void)
{
  MfRig rig = { 0 };
  g_autoptr (GError) error = NULL;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  gboolean marked = TRUE;

  mf_rig_init (&rig, 0);
  MfFolderId id = mf_rig_put_folder (&rig, "other");
  mf_check (mf_db_begin (rig.db, &txn, &error), error);
  mf_check (mf_journal_folder (rig.db, MF_CHANGE_RENAME, id, MF_FOLDER_ROOT, "a", &error), error);
  g_autoptr (GArray) seen = mf_pending_list (rig.db, MF_CHANGE_QUEUED, &error);
  mf_check (mf_journal_folder (rig.db, MF_CHANGE_RENAME, id, MF_FOLDER_ROOT, "b", &error), error);
  mf_check (mf_pending_mark_sent (rig.db, &g_array_index (seen, MfChange, 0), 0, NULL, &marked,
                                  &error),
            error);
  g_assert_false (marked);
  mf_check (mf_db_commit (&txn, &error), error);
  mf_rig_clear (&rig);
}

/* The push worker has read the entry, and waits for what is done here. */
static void
begin_before_it_is_settled (MfDoor *door, MfDbTxn *txn)
{
  g_autoptr (GError) error = NULL;

  mf_check (mf_db_begin (door->cache->front, txn, &error), error);
  mf_engine_wake_push (door->cache->engine);
  mf_door_wait_taken_up (door);
  g_usleep (50 * 1000);
}

/* Where it was to go it is already. */
static void
test_sent_elsewhere_before_it_is_settled (MfDoor *door, gconstpointer data)
{
  MfDb *db = door->cache->front;
  MfMsgId id = mf_door_find_uid (door, "INBOX", 2);
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  mf_door_wait_idle (door, 1);
  mf_check (mf_db_run (db, &error,
                       "INSERT INTO change (kind, message, folder, made) VALUES (1, ?, ?, 0)", "ii",
                       id, door->inbox),
            error);
  begin_before_it_is_settled (door, &txn);
  mf_check (mf_messages_get (db, id, &message, &error), error);
  mf_check (mf_journal_move (db, &message, door->other, FALSE, &error), error);
  message.folder = door->other;
  mf_check (mf_messages_store_spot (db, &message, &error), error);
  mf_check (mf_db_commit (&txn, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_server (door, "other", "1:");
}

/* Nothing is left that it could be a copy of, but it has got a text of its own. */
static void
test_rewritten_before_it_is_settled (MfDoor *door, gconstpointer data)
{
  MfMsgId id = mf_door_fetch_uid (door, "INBOX", 2);
  MfDb *db = door->cache->front;
  g_autoptr (GError) error = NULL;
  g_autoptr (MfBody) body = mf_bodies_get (door->cache->bodies, db, id, &error);
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  mf_door_wait_idle (door, 1);
  mf_check (mf_db_run (db, &error,
                       "UPDATE message SET home = NULL, uid = NULL, folder = ? WHERE id = ?", "ii",
                       door->other, id),
            error);
  mf_check (mf_journal_copy (db, id, 1000000, door->other, &error), error);
  begin_before_it_is_settled (door, &txn);
  mf_check (mf_drafts_write_body (door->cache->drafts, id, body, &error), error);
  mf_check (mf_messages_set_draft (db, id, MF_DRAFT_ONLY, 0, &error), error);
  mf_check (mf_journal_append (db, id, door->other, &error), error);
  mf_check (mf_db_commit (&txn, &error), error);
  mf_door_push_at_last (door);
  mf_door_assert_at (door, id, door->other);
  mf_door_assert_server (door, "other", "1:");
}

#define ADD(path, caps, func)                                                                      \
  g_test_add ("/pending/" path, MfDoor, GUINT_TO_POINTER (caps), mf_door_set_up_known, func,       \
              mf_door_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pending/what is marked as sent is what was to be sent",
                   test_renamed_before_it_is_marked);
  ADD ("what is sent elsewhere before it is settled is sent", MF_DOOR_FULL,
       test_sent_elsewhere_before_it_is_settled);
  ADD ("what is rewritten before it is settled is sent", MF_DOOR_FULL,
       test_rewritten_before_it_is_settled);
  return g_test_run ();
}
