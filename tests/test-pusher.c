/* Changes made here, through the door, and what becomes of them on the server. */
#include "cache/cache.h"
#include "cache/recover.h"

#include <string.h>

#include "tests/event-log.h"
#include "tests/fake-remote.h"
#include "tests/patience.h"
#include "tests/tempdir.h"

#define SYNC (MF_CAP_CONDSTORE | MF_CAP_QRESYNC | MF_CAP_IDLE)
#define FULL (SYNC | MF_CAP_UIDPLUS | MF_CAP_MOVE)
#define NONE (-1)
#define TEXT "Subject: mine\n\nText\n"
#define WIRE "Subject: mine\r\n\r\nText\r\n"

typedef struct
{
  char *dir, *state_dir, *cache_dir;
  MfFake *fake;
  MfEventLog *log;
  MfCacheOptions options;
  MfCache *cache;
  MfFolderId inbox, other;
} Fixture;

static void
start (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  gboolean online = FALSE;

  self->cache = mf_cache_open (&self->options, &mf_fake_ops, mf_fake_account (self->fake),
                               mf_event_log_func, self->log, &error);
  g_assert_no_error (error);
  mf_cache_start (self->cache, &online, &why, NULL, &error);
  g_assert_no_error (error);
}

static void
stop (Fixture *self)
{
  mf_cache_stop (self->cache);
  g_clear_pointer (&self->cache, mf_cache_close);
}

static MfFolderId
find (Fixture *self, MfFolderId parent, const char *name)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;

  mf_cache_folder_child (self->cache, parent, name, &folder, &error);
  g_assert_no_error (error);
  return folder.id;
}

static MfFolderId
list (Fixture *self, const char *name)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();
  MfFolderId id = find (self, MF_FOLDER_ROOT, name);

  if (mf_cache_want_folder (self->cache, id, mf_patience_done, patience))
    g_assert_cmpint (mf_patience_code (patience), ==, NONE);
  return id;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = mf_tempdir_new ();
  self->state_dir = g_build_filename (self->dir, "state", NULL);
  self->cache_dir = g_build_filename (self->dir, "cache", NULL);
  self->fake = mf_fake_new ((MfCaps) GPOINTER_TO_UINT (data));
  self->log = mf_event_log_new ();
  self->options = (MfCacheOptions){ .state_dir = self->state_dir, .cache_dir = self->cache_dir,
                                    .cache_size = 100 * 1024 * 1024, .poll_s = 3600,
                                    .expunge = TRUE, .delete_guard = 1000 };
  mf_fake_create (self->fake, "other");
  mf_fake_fill (self->fake, "INBOX", 5);
  start (self);
  self->inbox = list (self, "INBOX");
  self->other = list (self, "other");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->cache != NULL)
    stop (self);
  mf_event_log_free (self->log);
  mf_fake_free (self->fake);
  g_free (self->cache_dir);
  g_free (self->state_dir);
  mf_tempdir_free (self->dir);
}

/* ---- helpers ---------------------------------------------------------- */

static void
check (gboolean ok, GError *error)
{
  g_assert_no_error (error);
  g_assert_true (ok);
}

static MfMsgId
find_uid (Fixture *self, MfFolderId folder, guint32 uid)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  check (mf_cache_message_by_uid (self->cache, folder, uid, &message, &error), error);
  return message.id;
}

/* Until the server has answered all; returns the first refusal's code. */
static int
push (Fixture *self)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  if (!mf_cache_want_pushed (self->cache, mf_patience_done, patience))
    return NONE;
  return mf_patience_code (patience);
}

/* Until nothing is left to be told, through losses of the connection: what comes of
 * an answer may have to be sent as well. */
static void
push_at_last (Fixture *self)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();
  guint n = 0;

  while (mf_cache_want_pushed (self->cache, mf_patience_done, patience))
    {
      g_auto (MfStatus) status = { 0 };
      mf_patience_wait (patience, ++n);
      mf_cache_status (self->cache, &status);
      mf_cache_go_online (self->cache);
      if (!status.online)
        g_assert_true (mf_event_log_wait (self->log, "state"));
    }
}

static void
sync_all (Fixture *self)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  mf_cache_sync (self->cache, mf_patience_done, patience);
  g_assert_cmpint (mf_patience_code (patience), ==, NONE);
}

static void
set_flags (Fixture *self, MfMsgId id, MfFlags flags, const char *keywords)
{
  g_auto (MfMessage) seen = { 0 };
  g_autoptr (GError) error = NULL;

  check (mf_cache_message (self->cache, id, &seen, &error), error);
  check (mf_cache_set_flags (self->cache, &seen, flags, keywords, &error), error);
}

static void
move (Fixture *self, MfMsgId id, MfFolderId folder)
{
  MfSpot spot = { folder, MF_PLACE_CUR, "name:2,", MF_FLAG_SEEN, 0 };
  g_autofree char *base = g_strdup_printf ("name%" G_GINT64_FORMAT, id);
  g_autoptr (GError) error = NULL;

  spot.base = base;
  check (mf_cache_rename (self->cache, id, &spot, 0, &error), error);
}

/* A delivery: written in tmp/, moved to new/. */
static MfMsgId
deliver (Fixture *self, MfFolderId folder, const char *base, const char *text)
{
  MfSpot from = { folder, MF_PLACE_TMP, base, 0, 0 }, to = { folder, MF_PLACE_NEW, base, 0, 0 };
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  check (mf_cache_create (self->cache, &from, &message, &error), error);
  {
    g_autoptr (MfDraft) draft = mf_cache_draft_open (self->cache, message.id, NULL, &error);
    g_assert_no_error (error);
    check (mf_draft_write (draft, 0, text, strlen (text), &error), error);
    check (mf_draft_flush (draft, &error), error);
  }
  check (mf_cache_rename (self->cache, message.id, &to, 0, &error), error);
  return message.id;
}

static void
read_body (Fixture *self, MfMsgId id)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  if (mf_cache_want_body (self->cache, id, mf_patience_done, patience))
    g_assert_cmpint (mf_patience_code (patience), ==, NONE);
}

static void
assert_server (Fixture *self, const char *mailbox, const char *expected)
{
  g_autofree char *messages = mf_fake_messages (self->fake, mailbox);

  g_assert_cmpstr (messages, ==, expected);
}

/* Without UIDPLUS what is removed can only be marked, lest others' marks are acted
 * upon: @rest is without it, @marked with its mark. */
static void
assert_removed (Fixture *self, gconstpointer data, const char *rest, const char *marked)
{
  gboolean can = (GPOINTER_TO_UINT (data) & MF_CAP_UIDPLUS) != 0;

  assert_server (self, "INBOX", can ? rest : marked);
}

static void
assert_body (Fixture *self, const char *mailbox, guint32 uid, const char *wire)
{
  g_autoptr (GBytes) body = NULL;

  g_assert_true (mf_fake_message (self->fake, mailbox, uid, NULL, NULL, &body));
  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), wire, strlen (wire));
}

static void
assert_nothing_pending (Fixture *self)
{
  g_auto (MfStatus) status = { 0 };

  mf_cache_status (self->cache, &status);
  g_assert_cmpuint (status.pending, ==, 0);
  g_assert_cmpuint (status.failed, ==, 0);
}

/* ---- messages --------------------------------------------------------- */

static void
test_flags (Fixture *self, gconstpointer data)
{
  set_flags (self, find_uid (self, self->inbox, 2), MF_FLAG_SEEN | MF_FLAG_FLAGGED, "red");
  set_flags (self, find_uid (self, self->inbox, 3), MF_FLAG_SEEN, NULL);
  g_assert_cmpint (push (self), ==, NONE);
  assert_server (self, "INBOX", "1: 2:FSred 3:S 4: 5:");
  assert_nothing_pending (self);
}

/* Another client was quicker than who has just looked. */
static void
test_flags_that_nobody_has_seen_stay (Fixture *self, gconstpointer data)
{
  static const MfFlags had = MF_FLAG_SEEN | MF_FLAG_DRAFT;
  g_auto (MfMessage) seen = { 0 };
  g_auto (MfMessage) copy = { 0 };
  g_autoptr (GError) error = NULL;

  mf_fake_set_flags (self->fake, "INBOX", 2, had, "red old");
  g_assert_true (mf_event_log_wait (self->log, "changed 2"));
  check (mf_cache_message (self->cache, find_uid (self, self->inbox, 2), &seen, &error), error);
  mf_fake_set_flags (self->fake, "INBOX", 2, had | MF_FLAG_FLAGGED, "green old red");
  g_assert_true (mf_event_log_wait (self->log, "changed 2"));

  check (mf_cache_set_flags (self->cache, &seen, had | MF_FLAG_ANSWERED, "blue red", &error),
         error);
  MfSpot spot = { self->inbox, MF_PLACE_CUR, NULL, MF_FLAG_SEEN, had };
  check (mf_cache_rename (self->cache, seen.id, &spot, 0, &error), error);
  push_at_last (self);
  assert_server (self, "INBOX", "1: 2:FRSblue green red 3: 4: 5:");

  spot.folder = self->other;
  spot.base = "copy";
  check (mf_cache_copy (self->cache, seen.id, &spot, &copy, &error), error);
  push_at_last (self);
  assert_server (self, "other", "1:FRSblue green red");
}

static void
test_many_flags_are_few_commands (Fixture *self, gconstpointer data)
{
  stop (self);
  mf_fake_create (self->fake, "many");
  mf_fake_fill (self->fake, "many", 500);
  start (self);
  MfFolderId many = list (self, "many");
  for (guint32 uid = 1; uid <= 500; uid++)
    set_flags (self, find_uid (self, many, uid), MF_FLAG_SEEN, NULL);
  g_assert_cmpint (push (self), ==, NONE);
  g_assert_cmpuint (mf_fake_count (self->fake, MF_FAKE_STORE), <, 50);
}

static void
test_move (Fixture *self, gconstpointer data)
{
  move (self, find_uid (self, self->inbox, 2), self->other);
  push_at_last (self);
  assert_removed (self, data, "1: 3: 4: 5:", "1: 2:T 3: 4: 5:");
  assert_server (self, "other", "1:S");
  assert_body (self, "other", 1, "Subject: 2\r\n\r\nNumber 2\r\n");
  assert_nothing_pending (self);
}

static void
test_remove (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  check (mf_cache_remove (self->cache, find_uid (self, self->inbox, 4), "x", &error), error);
  push_at_last (self);
  assert_removed (self, data, "1: 2: 3: 5:", "1: 2: 3: 4:T 5:");
  assert_nothing_pending (self);
}

static void
test_delivery (Fixture *self, gconstpointer data)
{
  MfMsgId id = deliver (self, self->other, "mine", TEXT);
  g_auto (MfMessage) message = { 0 };

  push_at_last (self);
  assert_server (self, "other", "1:");
  assert_body (self, "other", 1, WIRE);
  assert_nothing_pending (self);
  g_assert_true (mf_cache_message (self->cache, id, &message, NULL));
  g_assert_cmpstr (message.base, ==, "mine");
}

/* The session dies, and the server stores the message only then. */
static void
test_what_is_under_way_is_waited_for (Fixture *self, gconstpointer data)
{
  g_auto (MfMessage) message = { 0 };

  deliver (self, self->other, "one", "Subject: one\n\n1\n");
  push_at_last (self);
  mf_recover_grace_ms = 1000;
  mf_fake_fail (self->fake, MF_FAKE_APPEND, MF_REMOTE_ERROR_OFFLINE, 1);
  MfMsgId id = deliver (self, self->other, "two", "Subject: two\n\n2\n");
  g_assert_true (mf_cache_message (self->cache, id, &message, NULL));
  while (mf_fake_count (self->fake, MF_FAKE_APPEND) < 2)
    g_usleep (1000);
  g_usleep (100 * 1000); /* the next session is there by now */
  mf_fake_append (self->fake, "other", "Subject: two\r\n\r\n2\r\n", 0, NULL);
  mf_fake_set_date (self->fake, "other", 2, message.internaldate);
  push_at_last (self);
  mf_recover_grace_ms = 0;
  assert_server (self, "other", "1: 2:");
  assert_nothing_pending (self);
}

static gboolean
is_there (Fixture *self, const char *mailbox, const char *expected)
{
  g_autofree char *messages = mf_fake_messages (self->fake, mailbox);

  return g_str_equal (messages, expected);
}

/* As cp does: what was read is written under a name of its own. */
static MfDraft *
write_copy (Fixture *self, MfMsgId *out_id)
{
  static const char text[] = "Subject: 2\n\nNumber 2\n";
  MfSpot spot = { self->other, MF_PLACE_CUR, "copy", MF_FLAG_SEEN, 0 };
  MfMsgId id = find_uid (self, self->inbox, 2);
  g_auto (MfMessage) copy = { 0 };
  g_autoptr (GError) error = NULL;

  read_body (self, id);
  mf_body_close (mf_cache_body_open (self->cache, id, &error));
  check (mf_cache_create (self->cache, &spot, &copy, &error), error);
  MfDraft *draft = mf_cache_draft_open (self->cache, copy.id, NULL, &error);
  check (mf_draft_write (draft, 0, text, strlen (text), &error), error);
  check (mf_draft_flush (draft, &error), error);
  *out_id = copy.id;
  return draft;
}

/* It is closed when the worker may have been at it already. */
static void
test_a_copy_waits_until_it_is_closed (Fixture *self, gconstpointer data)
{
  g_auto (MfMessage) after = { 0 };
  MfMsgId id = 0;
  MfDraft *draft = write_copy (self, &id);

  set_flags (self, find_uid (self, self->inbox, 1), MF_FLAG_SEEN, NULL);
  while (!is_there (self, "INBOX", "1:S 2: 3: 4: 5:"))
    g_thread_yield ();
  g_assert_cmpuint (mf_fake_count (self->fake, MF_FAKE_COPY), ==, 0);
  mf_draft_close (draft);
  push_at_last (self);
  assert_server (self, "other", "1:S");
  g_assert_cmpuint (mf_fake_count (self->fake, MF_FAKE_COPY), ==, 1);
  g_assert_true (mf_cache_message_by_base (self->cache, self->other, "copy", &after, NULL));
  g_assert_cmpint (after.id, ==, id);
  assert_nothing_pending (self);
}

static void
test_order_is_kept (Fixture *self, gconstpointer data)
{
  MfMsgId id = deliver (self, self->other, "mine", TEXT);

  set_flags (self, id, MF_FLAG_SEEN, NULL);
  move (self, id, self->inbox);
  set_flags (self, id, MF_FLAG_SEEN | MF_FLAG_FLAGGED, "red");
  push_at_last (self);
  assert_server (self, "other", "");
  assert_server (self, "INBOX", "1: 2: 3: 4: 5: 6:FSred");
  assert_nothing_pending (self);
}

/* ---- folders ---------------------------------------------------------- */

static void
test_folders (Fixture *self, gconstpointer data)
{
  MfFolderId made = 0;
  g_autoptr (GError) error = NULL;

  check (mf_cache_make_folder (self->cache, MF_FOLDER_ROOT, "Entwürfe", &made, &error), error);
  deliver (self, made, "mine", TEXT);
  push_at_last (self);
  assert_body (self, "Entw&APw-rfe", 1, WIRE);
  check (mf_cache_rename_folder (self->cache, made, self->other, "sub", &error), error);
  push_at_last (self);
  g_assert_false (mf_fake_has_mailbox (self->fake, "Entw&APw-rfe"));
  assert_body (self, "other/sub", 1, WIRE);
  g_assert_false (mf_cache_remove_folder (self->cache, made, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_EMPTY);
  assert_nothing_pending (self);
}

/* ---- trouble ---------------------------------------------------------- */

static void
test_offline_changes_come_later (Fixture *self, gconstpointer data)
{
  mf_fake_set_online (self->fake, FALSE);
  set_flags (self, find_uid (self, self->inbox, 1), MF_FLAG_SEEN, NULL);
  move (self, find_uid (self, self->inbox, 2), self->other);
  deliver (self, self->inbox, "mine", TEXT);
  stop (self);
  start (self);
  mf_fake_set_online (self->fake, TRUE);
  push_at_last (self);
  assert_removed (self, data, "1:S 3: 4: 5: 6:", "1:S 2:T 3: 4: 5: 6:");
  assert_server (self, "other", "1:S");
  assert_body (self, "INBOX", 6, WIRE);
  assert_nothing_pending (self);
}

static void
test_lost_answers_double_nothing (Fixture *self, gconstpointer data)
{
  static const MfFakeOp ops[] = { MF_FAKE_STORE, MF_FAKE_COPY, MF_FAKE_MOVE, MF_FAKE_EXPUNGE,
                                  MF_FAKE_APPEND };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    mf_fake_lose_answer (self->fake, ops[i], 1);
  move (self, find_uid (self, self->inbox, 2), self->other);
  deliver (self, self->inbox, "mine", TEXT);
  set_flags (self, find_uid (self, self->inbox, 1), MF_FLAG_SEEN, NULL);
  check (mf_cache_remove (self->cache, find_uid (self, self->inbox, 4), "x", &error), error);
  push_at_last (self);
  assert_removed (self, data, "1:S 3: 5: 6:", "1:S 2:T 3: 4:T 5: 6:");
  assert_server (self, "other", "1:S");
  assert_nothing_pending (self);
}

/* What cannot be compared now may be ours. */
static void
test_lost_answer_and_a_busy_server (Fixture *self, gconstpointer data)
{
  mf_fake_lose_answer (self->fake, MF_FAKE_APPEND, 1);
  mf_fake_refuse_batches (self->fake, MF_REMOTE_ERROR_BUSY, 1);
  deliver (self, self->other, "mine", TEXT);
  push_at_last (self);
  assert_server (self, "other", "1:");
  assert_nothing_pending (self);
}

/* ---- what cannot be sent ----------------------------------------------- */

static void
test_waiting_for_an_open_file_ends (Fixture *self, gconstpointer data)
{
  MfMsgId id = deliver (self, self->other, "mine", TEXT);
  g_autoptr (GError) error = NULL;
  MfDraft *draft = mf_cache_draft_open (self->cache, id, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (push (self), ==, MF_CACHE_ERROR_BUSY);
  assert_server (self, "other", "");
  mf_draft_close (draft);
  push_at_last (self);
  assert_server (self, "other", "1:");
  assert_nothing_pending (self);
}

static void
test_waiting_for_a_closed_mailbox_ends (Fixture *self, gconstpointer data)
{
  MfMsgId id = deliver (self, self->other, "mine", TEXT);

  push_at_last (self);
  mf_fake_renumber (self->fake, "other");
  mf_fake_fail_in (self->fake, "other", MF_FAKE_FETCH, MF_REMOTE_ERROR_DENIED, 1000);
  set_flags (self, id, MF_FLAG_SEEN, NULL);
  for (int n = 0; n < 3; n++)
    g_assert_cmpint (push (self), ==, MF_CACHE_ERROR_DENIED);
  mf_fake_forget_failures (self->fake);
  push_at_last (self);
  assert_server (self, "other", "1:S");
  assert_nothing_pending (self);
}

/* ---- mailboxes that may not be looked into ----------------------------- */

static void
assert_lost (Fixture *self, MfMsgId id)
{
  g_auto (MfMessage) message = { 0 };

  g_assert_true (mf_cache_message (self->cache, id, &message, NULL));
  g_assert_cmpint (message.folder, ==, MF_FOLDER_LOST);
}

static void
deliver_unseen (Fixture *self, guint failed)
{
  g_auto (MfStatus) status = { 0 };

  mf_fake_fail_in (self->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_DENIED, 1000);
  MfMsgId id = deliver (self, self->other, "mine", TEXT);
  push_at_last (self);
  set_flags (self, find_uid (self, self->inbox, 1), MF_FLAG_SEEN, NULL);
  push_at_last (self);
  assert_server (self, "INBOX", "1:S 2: 3: 4: 5:");
  assert_server (self, "other", "1:");
  assert_lost (self, id);
  mf_cache_status (self->cache, &status);
  g_assert_cmpuint (status.pending, ==, 0);
  g_assert_cmpuint (status.failed, ==, failed);
}

static void
test_unseen_holds_up_nothing (Fixture *self, gconstpointer data)
{
  deliver_unseen (self, 0);
}

static void
test_unseen_is_not_doubled (Fixture *self, gconstpointer data)
{
  mf_fake_lose_answer (self->fake, MF_FAKE_APPEND, 1);
  deliver_unseen (self, 1);
}

static void
test_unseen_copy_is_not_uploaded (Fixture *self, gconstpointer data)
{
  MfMsgId id = 0;

  mf_fake_lose_answer (self->fake, MF_FAKE_COPY, 1);
  mf_fake_fail_in (self->fake, "other", MF_FAKE_SELECT, MF_REMOTE_ERROR_DENIED, 1000);
  mf_draft_close (write_copy (self, &id));
  push_at_last (self);
  assert_server (self, "other", "1:");
  assert_lost (self, id);
}

/* ---- mailboxes made anew ----------------------------------------------- */

static void
test_changes_find_their_message (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  read_body (self, find_uid (self, self->inbox, 3));
  mf_fake_set_online (self->fake, FALSE);
  set_flags (self, find_uid (self, self->inbox, 5), MF_FLAG_SEEN, "red");
  move (self, find_uid (self, self->inbox, 3), self->other);
  check (mf_cache_remove (self->cache, find_uid (self, self->inbox, 4), "x", &error), error);
  deliver (self, self->inbox, "mine", TEXT);
  mf_fake_expunge (self->fake, "INBOX", 1);
  mf_fake_renumber (self->fake, "INBOX"); /* 2, 3, 4, 5 are 1, 2, 3, 4 */
  mf_fake_renumber (self->fake, "other");
  mf_fake_set_online (self->fake, TRUE);
  push_at_last (self);
  assert_removed (self, data, "1: 4:Sred 5:", "1: 2:T 3:T 4:Sred 5:");
  assert_server (self, "other", "1:S");
  assert_body (self, "other", 1, "Subject: 3\r\n\r\nNumber 3\r\n");
  assert_nothing_pending (self);
}

/* Of two that look alike it is not known which one was to go. */
static void
test_removal_of_what_cannot_be_told_removes_nothing (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mf_fake_append (self->fake, "other", "Subject: 1\r\n\r\nNumber 1\r\n", 0, NULL);
  mf_fake_append (self->fake, "other", "Subject: 2\r\n\r\nNumber 2\r\n", 0, NULL);
  mf_fake_set_date (self->fake, "other", 2, 86460);
  stop (self);
  start (self);
  g_assert_true (mf_event_log_wait (self->log, "added 2"));
  mf_fake_set_online (self->fake, FALSE);
  check (mf_cache_remove (self->cache, find_uid (self, self->other, 1), "x", &error), error);
  mf_fake_renumber (self->fake, "other");
  mf_fake_set_online (self->fake, TRUE);
  push_at_last (self);
  assert_server (self, "other", "1: 2:");
  assert_nothing_pending (self);
}

static void
test_moved_and_not_there_any_more (Fixture *self, gconstpointer data)
{
  MfMsgId kept = find_uid (self, self->inbox, 3), unread = find_uid (self, self->inbox, 4);
  g_auto (MfMessage) message = { 0 };

  read_body (self, kept);
  mf_fake_set_online (self->fake, FALSE);
  move (self, kept, self->other);
  move (self, unread, self->other);
  mf_fake_expunge (self->fake, "INBOX", 3);
  mf_fake_expunge (self->fake, "INBOX", 4);
  mf_fake_renumber (self->fake, "INBOX");
  mf_fake_set_online (self->fake, TRUE);
  push_at_last (self);
  assert_server (self, "other", "");
  g_assert_true (mf_cache_message (self->cache, kept, &message, NULL));
  g_assert_cmpint (message.folder, ==, MF_FOLDER_LOST);
  g_assert_false (mf_cache_message (self->cache, unread, &(MfMessage){ 0 }, NULL));
  assert_nothing_pending (self);
}

/* The server says yes, and has moved nothing.  Meanwhile a stranger's message has come,
 * of the same date and size. */
static void
test_nothing_to_move_takes_no_stranger (Fixture *self, gconstpointer data)
{
  MfMsgId id = find_uid (self, self->inbox, 2);
  gint64 date = mf_fake_date (self->fake, "INBOX", 2);
  g_auto (MfMessage) message = { 0 };
  MfFakeOp op = (GPOINTER_TO_UINT (data) & MF_CAP_MOVE) != 0 ? MF_FAKE_MOVE : MF_FAKE_COPY;

  read_body (self, id);
  mf_fake_hold (self->fake, op);
  move (self, id, self->other);
  g_assert_true (mf_fake_wait_held (self->fake, op, 1));
  mf_fake_expunge (self->fake, "INBOX", 2);
  mf_fake_append (self->fake, "other", "Subject: 9\r\n\r\nNumber 9\r\n", 0, NULL);
  mf_fake_set_date (self->fake, "other", 1, date);
  mf_fake_release (self->fake, op);
  push_at_last (self);
  g_assert_true (mf_cache_message (self->cache, id, &message, NULL));
  g_assert_cmpint (message.folder, ==, MF_FOLDER_LOST);
  sync_all (self);
  g_assert_cmpint (find_uid (self, self->other, 1), !=, id);
  assert_nothing_pending (self);
}

/* What came of a change whose answer was lost is looked for in the new mailbox too. */
static void
test_lost_answer_before_a_new_mailbox (Fixture *self, gconstpointer data)
{
  static const MfFakeOp ops[] = { MF_FAKE_COPY, MF_FAKE_MOVE, MF_FAKE_APPEND };
  g_auto (MfMessage) message = { 0 };

  read_body (self, find_uid (self, self->inbox, 2));
  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    mf_fake_lose_answer (self->fake, ops[i], 1);
  mf_fake_hold (self->fake, MF_FAKE_SELECT); /* nobody finds out before */
  MfMsgId delivered = deliver (self, self->other, "mine", TEXT);
  move (self, find_uid (self, self->inbox, 2), self->other);
  while (mf_fake_count (self->fake, MF_FAKE_APPEND) == 0)
    g_thread_yield ();
  mf_fake_renumber (self->fake, "other");
  mf_fake_release (self->fake, MF_FAKE_SELECT);
  push_at_last (self);
  assert_removed (self, data, "1: 3: 4: 5:", "1: 2:T 3: 4: 5:");
  assert_server (self, "other", "1: 2:S");
  g_assert_true (mf_cache_message_by_base (self->cache, self->other, "mine", &message, NULL));
  g_assert_cmpint (message.id, ==, delivered);
  assert_nothing_pending (self);
}

/* While @op is under way both mailboxes are made anew. */
static void
push_into_new_mailboxes (Fixture *self, gconstpointer data, MfFakeOp op)
{
  g_autoptr (GError) error = NULL;

  read_body (self, find_uid (self, self->inbox, 2));
  mf_fake_hold (self->fake, op);
  set_flags (self, find_uid (self, self->inbox, 5), MF_FLAG_FLAGGED, NULL);
  move (self, find_uid (self, self->inbox, 2), self->other);
  check (mf_cache_remove (self->cache, find_uid (self, self->inbox, 4), "x", &error), error);
  deliver (self, self->other, "mine", TEXT);
  g_assert_true (mf_fake_wait_held (self->fake, op, 1));
  mf_fake_renumber (self->fake, "INBOX");
  mf_fake_renumber (self->fake, "other");
  mf_fake_release (self->fake, op);
  push_at_last (self);
  g_autofree char *inbox = mf_fake_messages (self->fake, "INBOX");
  g_autofree char *other = mf_fake_messages (self->fake, "other");
  gboolean marked = strchr (inbox, 'T') != NULL;
  g_assert_cmpint (marked, ==, (GPOINTER_TO_UINT (data) & MF_CAP_UIDPLUS) == 0);
  g_assert_nonnull (strstr (inbox, ":F"));
  g_assert_nonnull (strstr (other, "2:"));
  g_assert_null (strstr (other, "3:"));
  assert_nothing_pending (self);
}

static void
test_new_mailboxes_while_pushing (Fixture *unused, gconstpointer data)
{
  gboolean can_move = (GPOINTER_TO_UINT (data) & MF_CAP_MOVE) != 0;
  const MfFakeOp ops[] = { MF_FAKE_STORE, can_move ? MF_FAKE_MOVE : MF_FAKE_COPY, MF_FAKE_APPEND };

  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    {
      Fixture self = { 0 };
      set_up (&self, data);
      push_into_new_mailboxes (&self, data, ops[i]);
      tear_down (&self, data);
    }
}

static void
test_over_quota_is_told (Fixture *self, gconstpointer data)
{
  mf_fake_set_quota (self->fake, 1);
  deliver (self, self->other, "mine", TEXT);
  g_assert_cmpint (push (self), ==, MF_CACHE_ERROR_QUOTA);
  assert_server (self, "other", "");
}

/* Which of them it was nobody knows: each is tried alone. */
static void
test_a_batch_that_cannot_be_written (Fixture *self, gconstpointer data)
{
  mf_fake_set_online (self->fake, FALSE);
  deliver (self, self->other, "one", TEXT);
  deliver (self, self->other, "two", "Subject: another\n\nText\n");
  mf_fake_fail (self->fake, MF_FAKE_APPEND, MF_REMOTE_ERROR_INVALID, 1);
  mf_fake_set_online (self->fake, TRUE);
  push_at_last (self);
  assert_server (self, "other", "1: 2:");
  assert_nothing_pending (self);
}

static void
test_a_change_that_cannot_be_written (Fixture *self, gconstpointer data)
{
  g_auto (MfStatus) status = { 0 };

  mf_fake_set_online (self->fake, FALSE);
  set_flags (self, find_uid (self, self->inbox, 2), MF_FLAG_SEEN, "red");
  set_flags (self, find_uid (self, self->inbox, 3), MF_FLAG_FLAGGED, NULL);
  mf_fake_fail (self->fake, MF_FAKE_STORE, MF_REMOTE_ERROR_INVALID, 1);
  mf_fake_set_online (self->fake, TRUE);
  push_at_last (self);
  assert_server (self, "INBOX", "1: 2: 3:F 4: 5:");
  mf_cache_status (self->cache, &status);
  g_assert_cmpuint (status.pending, ==, 0);
  g_assert_cmpuint (status.failed, ==, 1);
  g_assert_true (status.online);
}

/* The server answers yes, and does nothing. */
static void
test_what_the_server_keeps_as_it_is (Fixture *self, gconstpointer data)
{
  g_auto (MfStatus) status = { 0 };
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  stop (self);
  mf_fake_set_fixed (self->fake, "INBOX", MF_FLAGS_ALL & ~MF_FLAG_SEEN);
  start (self);
  set_flags (self, find_uid (self, self->inbox, 1), MF_FLAG_SEEN, NULL);
  push_at_last (self);
  set_flags (self, find_uid (self, self->inbox, 2), MF_FLAG_SEEN | MF_FLAG_FLAGGED, NULL);
  push_at_last (self);
  move (self, find_uid (self, self->inbox, 3), self->other);
  push_at_last (self);
  check (mf_cache_remove (self->cache, find_uid (self, self->inbox, 4), "x", &error), error);
  push_at_last (self);
  assert_server (self, "INBOX", "1:S 2:S 3:S 4: 5:");
  assert_server (self, "other", "");
  mf_cache_status (self->cache, &status);
  g_assert_cmpuint (status.failed, ==, 3);
  g_assert_cmpint (find_uid (self, self->inbox, 3), !=, 0);
  check (mf_cache_message (self->cache, find_uid (self, self->inbox, 4), &message, &error), error);
  g_assert_cmpint (message.place, !=, MF_PLACE_GONE);
}

static void
assert_labels (Fixture *self, MfMsgId id, const char *expected)
{
  g_auto (MfMessage) message = { 0 };

  g_assert_true (mf_cache_message (self->cache, id, &message, NULL));
  g_assert_cmpstr (message.labels, ==, expected);
}

static void
set_labels (Fixture *self, MfMsgId id, const char *labels)
{
  g_auto (MfMessage) seen = { 0 };
  g_autoptr (GError) error = NULL;

  check (mf_cache_message (self->cache, id, &seen, &error), error);
  check (mf_cache_set_labels (self->cache, &seen, labels, &error), error);
}

static void
test_labels_are_tried_again (Fixture *self, gconstpointer data)
{
  MfMsgId id = find_uid (self, self->inbox, 2);
  g_autoptr (GError) error = NULL;

  set_labels (self, id, "new");
  push_at_last (self);
  mf_fake_fail (self->fake, MF_FAKE_STORE, MF_REMOTE_ERROR_REFUSED, 1);
  set_labels (self, id, "\"to do\" new");
  push_at_last (self);
  assert_labels (self, id, "new");
  check (mf_cache_retry (self->cache, &error), error);
  push_at_last (self);
  assert_labels (self, id, "\"to do\" new");
  g_assert_cmpuint (mf_fake_count (self->fake, MF_FAKE_STORE), ==, 3);
  assert_nothing_pending (self);
}

#define ADD(path, caps, func)                                                                     \
  g_test_add ("/pusher/" path, Fixture, GUINT_TO_POINTER (caps), set_up, func, tear_down)
#define ADD_ALL(path, func)                                                                       \
  do                                                                                              \
    {                                                                                             \
      ADD (path ", MOVE", FULL, func);                                                            \
      ADD (path ", UIDPLUS", SYNC | MF_CAP_UIDPLUS, func);                                        \
      ADD (path ", plain", MF_CAP_IDLE, func);                                                    \
    }                                                                                             \
  while (0)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD_ALL ("flags reach the server", test_flags);
  ADD ("flags that nobody has seen stay", FULL, test_flags_that_nobody_has_seen_stay);
  ADD ("many flags are few commands", FULL, test_many_flags_are_few_commands);
  ADD_ALL ("a move reaches the server", test_move);
  ADD_ALL ("a removal reaches the server", test_remove);
  ADD_ALL ("a delivery reaches the server", test_delivery);
  ADD_ALL ("a copy waits until it is closed", test_a_copy_waits_until_it_is_closed);
  ADD ("what the server is still at is waited for", FULL, test_what_is_under_way_is_waited_for);
  ADD_ALL ("changes of one message keep their order", test_order_is_kept);
  ADD_ALL ("folders are made and renamed", test_folders);
  ADD_ALL ("changes made offline come later", test_offline_changes_come_later);
  ADD_ALL ("lost answers double nothing", test_lost_answers_double_nothing);
  ADD_ALL ("a lost answer and a busy server double nothing", test_lost_answer_and_a_busy_server);
  ADD ("waiting for an open file ends", FULL, test_waiting_for_an_open_file_ends);
  ADD ("waiting for a mailbox that may not be listed ends", FULL,
       test_waiting_for_a_closed_mailbox_ends);
  ADD ("a delivery into what may not be looked into holds up nothing", MF_CAP_IDLE,
       test_unseen_holds_up_nothing);
  ADD ("a lost answer of what may not be looked into doubles nothing", FULL,
       test_unseen_is_not_doubled);
  ADD ("a copy into what may not be looked into is not uploaded besides", FULL,
       test_unseen_copy_is_not_uploaded);
  ADD_ALL ("changes find their message in a new mailbox", test_changes_find_their_message);
  ADD_ALL ("a removal of what cannot be told removes nothing",
           test_removal_of_what_cannot_be_told_removes_nothing);
  ADD_ALL ("what was moved and is not there any more is kept if it can",
           test_moved_and_not_there_any_more);
  ADD ("nothing to move takes no stranger, MOVE", FULL, test_nothing_to_move_takes_no_stranger);
  ADD ("nothing to move takes no stranger, UIDPLUS", SYNC | MF_CAP_UIDPLUS,
       test_nothing_to_move_takes_no_stranger);
  ADD_ALL ("an answer lost before a new mailbox doubles nothing",
           test_lost_answer_before_a_new_mailbox);
  ADD_ALL ("new mailboxes while pushing lose nothing", test_new_mailboxes_while_pushing);
  ADD ("a refusal for lack of room is told", FULL, test_over_quota_is_told);
  ADD ("of a batch that cannot be written each is tried alone", FULL | MF_CAP_MULTIAPPEND,
       test_a_batch_that_cannot_be_written);
  ADD ("a change that cannot be written is refused and keeps no other back", FULL,
       test_a_change_that_cannot_be_written);
  ADD ("what the server keeps as it is is told", FULL, test_what_the_server_keeps_as_it_is);
  ADD ("refused labels are tried again", FULL | MF_CAP_GMAIL, test_labels_are_tried_again);
  return g_test_run ();
}
