/* Each claim is tested at each step of what servers can do: QRESYNC, CONDSTORE
 * alone, and neither. */
#include "cache/pull.h"

#include "cache/folders.h"
#include "cache/messages.h"
#include "tests/rig.h"

#define CONDSTORE MF_CAP_CONDSTORE
#define QRESYNC (MF_CAP_CONDSTORE | MF_CAP_QRESYNC)
#define BATCH 1000 /* rows that are stored together */

static void
assert_times_changed (MfRig *rig, gboolean cur, gboolean new)
{
  g_auto (MfFolder) folder = { 0 };

  g_assert_true (mf_folders_get_mailbox (rig->db, "INBOX", &folder, NULL));
  g_assert_cmpint (folder.changed_ns[MF_PLACE_CUR] != 1, ==, cur);
  g_assert_cmpint (folder.changed_ns[MF_PLACE_NEW] != 1, ==, new);
}

static void
forget_times (MfRig *rig)
{
  mf_rig_sql (rig, "UPDATE folder SET cur_changed_ns = 1, new_changed_ns = 1");
}

/* Five messages, known, the link's session closed. */
static void
start_with_five (MfRig *rig)
{
  mf_fake_fill (rig->fake, "INBOX", 5);
  mf_fake_set_flags (rig->fake, "INBOX", 2, MF_FLAG_SEEN, "$Junk work");
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_relink (rig);
  g_free (mf_event_log_take (rig->log));
  mf_fake_reset_counts (rig->fake);
  forget_times (rig);
}

/* ---- what another client does ----------------------------------------- */

static void
test_nothing_changed_costs_nothing (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  mf_event_log_assert (rig->log, "");
  assert_times_changed (rig, FALSE, FALSE);
  g_assert_cmpuint (mf_fake_n_rows (rig->fake), ==, rig->caps == 0 ? 5 : 0);
  if (rig->caps == QRESYNC)
    g_assert_cmpuint (mf_fake_count (rig->fake, MF_FAKE_UIDS), ==, 0);
}

static void
test_last_one_expunged_costs_nothing_later (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_expunge (rig->fake, "INBOX", 5);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_relink (rig);
  mf_fake_reset_counts (rig->fake);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  g_assert_cmpuint (mf_fake_count (rig->fake, MF_FAKE_FETCH), ==, rig->caps == 0 ? 1 : 0);
}

static void
set_a_flag (MfFake *fake)
{
  mf_fake_set_flags (fake, "INBOX", 2, MF_FLAG_SEEN | MF_FLAG_ANSWERED, "$Junk");
}

static void
set_a_first_flag (MfFake *fake)
{
  mf_fake_set_flags (fake, "INBOX", 3, MF_FLAG_SEEN, NULL);
}

static void
expunge_two (MfFake *fake)
{
  mf_fake_expunge (fake, "INBOX", 3);
  mf_fake_expunge (fake, "INBOX", 5);
}

static void
expunge_all (MfFake *fake)
{
  for (guint32 uid = 1; uid <= 5; uid++)
    mf_fake_expunge (fake, "INBOX", uid);
}

static void
append_two (MfFake *fake)
{
  mf_fake_fill (fake, "INBOX", 2);
  mf_fake_set_flags (fake, "INBOX", 7, MF_FLAG_SEEN, NULL);
}

typedef struct
{
  const char *claim;
  void (*make) (MfFake *fake);
  const char *events;
  gboolean cur, new; /* their times change */
} Change;

static const Change changes[] = {
  { "flags follow the server", set_a_flag, "changed 2", TRUE, FALSE },
  { "a first flag moves the message to cur", set_a_first_flag, "changed 3", TRUE, TRUE },
  { "expunged messages go", expunge_two, "removed 3, removed 5", FALSE, TRUE },
  { "appended messages come", append_two, "added 6, added 7", TRUE, TRUE },
  { "all messages go", expunge_all, "removed 1, removed 2, removed 3, removed 4, removed 5", TRUE,
    TRUE },
};

static void
follow (MfRig *rig, const Change *change)
{
  start_with_five (rig);
  change->make (rig->fake);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  mf_event_log_assert (rig->log, change->events);
  assert_times_changed (rig, change->cur, change->new);
  if (rig->caps != 0)
    g_assert_cmpuint (mf_fake_n_rows (rig->fake), <=, 2 * 2);
}

static void
test_ids_stay (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  gint64 before = mf_rig_number (rig, "SELECT SUM(id * uid) FROM message");
  mf_fake_set_flags (rig->fake, "INBOX", 2, MF_FLAG_DRAFT, NULL);
  mf_fake_set_flags (rig->fake, "INBOX", 4, MF_FLAG_DRAFT, NULL);
  mf_rig_pull_folder (rig, "INBOX");
  g_assert_cmpint (mf_rig_number (rig, "SELECT SUM(id * uid) FROM message"), ==, before);
}

static void
test_open_mailbox_is_followed (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_rig_pull_folder (rig, "INBOX");
  mf_fake_reset_counts (rig->fake);
  mf_fake_fill (rig->fake, "INBOX", 1);
  mf_fake_set_flags (rig->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  mf_fake_expunge (rig->fake, "INBOX", 4);
  rig->link->is_current = TRUE;
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  if (rig->caps == QRESYNC)
    {
      g_assert_cmpuint (mf_fake_count (rig->fake, MF_FAKE_SELECT), ==, 0);
      g_assert_cmpuint (mf_fake_n_rows (rig->fake), ==, 2);
    }
}

static void
test_more_news_than_single_ones (MfRig *rig, gconstpointer data)
{
  g_autofree char *expected = NULL;

  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", MF_NEWS_MOST + 1);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  expected = g_strdup_printf ("folder %" G_GINT64_FORMAT, mf_rig_find (rig, "INBOX"));
  mf_event_log_assert (rig->log, expected);
}

/* The server has news of flags in passing, and does not tell of the new message yet. */
static gboolean
fetch_in_passing (MfRemote *remote, guint32 first, guint32 last, MfFetch items, guint64 since,
                  const MfChangeSink *sink, gpointer user_data, GCancellable *cancellable,
                  GError **error)
{
  MfRemoteMessage told = { .uid = 3, .has_flags = TRUE, .flags = MF_FLAG_SEEN, .keywords = "" };
  MfMailboxStatus status = { 0 };

  g_assert_true (mf_fake_ops.status (remote, "INBOX", &status, cancellable, NULL));
  told.modseq = status.highestmodseq;
  sink->message (&told, user_data);
  return TRUE;
}

/* Flags are the newest, but what came and what went is not told of yet. */
static gboolean
fetch_ahead (MfRemote *remote, guint32 first, guint32 last, MfFetch items, guint64 since,
             const MfChangeSink *sink, gpointer user_data, GCancellable *cancellable,
             GError **error)
{
  MfChangeSink messages = { sink->message, NULL };

  return mf_fake_ops.fetch (remote, 3, 3, items, since, &messages, user_data, cancellable, error);
}

typedef struct
{
  gboolean (*fetch) (MfRemote *, guint32, guint32, MfFetch, guint64, const MfChangeSink *, gpointer,
                     GCancellable *, GError **);
  gboolean also_expunged;
} Early;

static void
test_early_news_hide_nothing (MfRig *rig, gconstpointer data)
{
  const Early *early = data;
  MfRemoteOps ops = mf_fake_ops;

  start_with_five (rig);
  mf_rig_pull_folder (rig, "INBOX");
  mf_fake_fill (rig->fake, "INBOX", 1);
  if (early->also_expunged)
    mf_fake_expunge (rig->fake, "INBOX", 2);
  mf_fake_set_flags (rig->fake, "INBOX", 3, MF_FLAG_SEEN, NULL);
  ops.fetch = early->fetch;
  rig->link->ops = &ops;
  rig->link->is_current = TRUE;
  mf_rig_pull_folder (rig, "INBOX");
  rig->link->ops = &mf_fake_ops;
  rig->link->is_current = TRUE;
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
}

/* ---- trouble ---------------------------------------------------------- */

/* rematch.h tells how; here are the steps of what servers can do. */
static void
test_another_uidvalidity_is_followed (MfRig *rig, gconstpointer data)
{
  g_auto (MfFolder) before = { 0 }, after = { 0 };

  start_with_five (rig);
  gint64 last = mf_rig_number (rig, "SELECT MAX(id) FROM message");
  g_assert_true (mf_folders_get_mailbox (rig->db, "INBOX", &before, NULL));
  mf_fake_expunge (rig->fake, "INBOX", 2);
  mf_fake_renumber (rig->fake, "INBOX");
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  g_assert_true (mf_folders_get_mailbox (rig->db, "INBOX", &after, NULL));
  g_assert_cmpint (after.id, ==, before.id);
  g_assert_cmpstr (after.tag, !=, before.tag);
  g_assert_true (after.known);
  g_assert_cmpint (mf_rig_number (rig, "SELECT MAX(id) FROM message"), ==, last);
  mf_event_log_assert (rig->log, "removed 0");
  assert_times_changed (rig, TRUE, FALSE);
}

/* Its index was made anew, and it does not know what it has told: messages are there
 * again, or are not. */
static void
test_server_that_forgot_is_followed (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_expunge (rig->fake, "INBOX", 2);
  mf_fake_expunge (rig->fake, "INBOX", 4);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_relink (rig);
  mf_fake_put_back (rig->fake, "INBOX", 2, "Subject: back\r\n\r\nText\r\n");
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  mf_rig_relink (rig);
  mf_fake_lose (rig->fake, "INBOX", 5);
  mf_fake_put_back (rig->fake, "INBOX", 4, "Subject: back\r\n\r\nText\r\n");
  mf_fake_lose (rig->fake, "INBOX", 3);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
}

static void
test_refusal_removes_nothing (MfRig *rig, gconstpointer data)
{
  static const MfFakeOp ops[] = { MF_FAKE_SELECT, MF_FAKE_FETCH, MF_FAKE_UIDS };
  static const MfRemoteError codes[]
      = { MF_REMOTE_ERROR_REFUSED, MF_REMOTE_ERROR_OFFLINE, MF_REMOTE_ERROR_PROTOCOL };
  g_autofree char *before = NULL;

  start_with_five (rig);
  before = mf_rig_messages (rig, "INBOX");
  mf_fake_expunge (rig->fake, "INBOX", 1);
  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    for (guint j = 0; j < G_N_ELEMENTS (codes); j++)
      {
        g_autofree char *after = NULL;
        g_autoptr (GError) error = NULL;
        mf_rig_relink (rig);
        mf_fake_fail (rig->fake, ops[i], codes[j], 1);
        if (ops[i] == MF_FAKE_UIDS && rig->caps == QRESYNC)
          continue; /* it is not asked */
        if (ops[i] == MF_FAKE_FETCH && rig->caps != 0)
          continue;
        g_assert_false (mf_rig_try_pull_folder (rig, "INBOX", &error));
        g_assert_error (error, MF_REMOTE_ERROR, (int)codes[j]);
        after = mf_rig_messages (rig, "INBOX");
        g_assert_cmpstr (after, ==, before);
      }
}

/* Rows of before the loss are kept, and so is what is told of them. */
static void
test_interrupted_catching_up_is_true (MfRig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint before = rig->caps == 0 ? 5 : 0; /* lines about flags */

  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", BATCH + 10);
  if (rig->caps == QRESYNC)
    before = BATCH + 10;
  mf_fake_die_after_rows (rig->fake, before + BATCH + 5);
  g_assert_false (mf_rig_try_pull_folder (rig, "INBOX", &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, BATCH + 5);
  g_assert_cmpint (mf_rig_number (rig, "SELECT messages FROM folder WHERE mailbox = 'INBOX'"), ==,
                   BATCH + 5);
  assert_times_changed (rig, FALSE, TRUE);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
}

static gpointer
pull_thread (gpointer data)
{
  mf_rig_pull_folder (data, "INBOX");
  return NULL;
}

static gpointer
pull_in_vain (gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (mf_rig_try_pull_folder (data, "INBOX", &error));
  return NULL;
}

/* To where it asks for messages, and waits. */
static GThread *
pull_to_fetch (MfRig *rig, GThreadFunc func)
{
  mf_fake_hold (rig->fake, MF_FAKE_FETCH);
  GThread *thread = g_thread_new ("pull", func, rig);
  g_assert_true (mf_fake_wait_held (rig->fake, MF_FAKE_FETCH, 1));
  return thread;
}

static void
go_on (MfRig *rig, GThread *thread)
{
  mf_fake_release (rig->fake, MF_FAKE_FETCH);
  g_thread_join (thread);
}

/* The flag is numbered before the new mail that the FETCH still sees. */
static void
test_change_after_select_is_not_lost (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", 1);
  GThread *thread = pull_to_fetch (rig, pull_thread);
  mf_fake_set_flags (rig->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  mf_fake_fill (rig->fake, "INBOX", 1);
  go_on (rig, thread);
  mf_rig_relink (rig);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
}

static void
test_own_uid_ahead_hides_nothing (MfRig *rig, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", BATCH + 20);
  mf_rig_put_message (rig, mf_rig_find (rig, "INBOX"), BATCH + 25, 10);
  mf_fake_die_after_rows (rig->fake, BATCH + 10);
  g_assert_false (mf_rig_try_pull_folder (rig, "INBOX", &error));
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
}

static void
test_folder_that_goes_meanwhile_leaves_no_rows (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_fill (rig->fake, "INBOX", 5);
  GThread *thread = pull_to_fetch (rig, pull_in_vain);
  g_assert_true (mf_folders_remove (rig->db, mf_rig_find (rig, "INBOX"), NULL));
  go_on (rig, thread);
  g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, 0);
}

/* By a listing that finds it under another name. */
static void
test_folder_renumbered_meanwhile_stays_so (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_rig_pull_folder (rig, "INBOX");
  mf_fake_fill (rig->fake, "INBOX", 5);
  GThread *thread = pull_to_fetch (rig, pull_in_vain);
  mf_rig_sql (rig, "UPDATE message SET uid = NULL");
  mf_rig_sql (rig,
              "UPDATE folder SET tag = 'new', renumbered = 1, uidnext = 0 WHERE mailbox = 'INBOX'");
  go_on (rig, thread);
  g_assert_cmpint (mf_rig_number (rig, "SELECT renumbered FROM folder WHERE mailbox = 'INBOX'"), ==,
                   1);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
}

/* A server that is set back, or no longer numbers changes. */
static void
test_condstore_that_goes_away (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_fake_set_caps (rig->fake, 0);
  mf_rig_relink (rig);
  mf_fake_set_flags (rig->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
  mf_fake_set_flags (rig->fake, "INBOX", 3, MF_FLAG_SEEN, NULL);
  mf_fake_set_caps (rig->fake, CONDSTORE);
  mf_rig_relink (rig);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
}

static void
test_modseq_that_went_back (MfRig *rig, gconstpointer data)
{
  start_with_five (rig);
  mf_rig_sql (rig, "UPDATE folder SET highestmodseq = 1000000");
  mf_rig_sql (rig, "UPDATE message SET modseq = 1000000");
  mf_fake_set_flags (rig->fake, "INBOX", 1, MF_FLAG_SEEN, NULL);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_relink (rig);
  mf_fake_set_flags (rig->fake, "INBOX", 3, MF_FLAG_SEEN, NULL);
  mf_rig_pull_folder (rig, "INBOX");
  mf_rig_assert_same (rig, "INBOX");
}

/* ---- at random -------------------------------------------------------- */

static void
change_something (MfRig *rig, guint *n)
{
  guint32 uid = (guint32)g_test_rand_int_range (1, (gint32)*n + 2);

  if (g_test_rand_int_range (0, 4) == 0)
    {
      mf_fake_append (rig->fake, "INBOX", "Subject: x\r\n\r\n",
                      (MfFlags)g_test_rand_int_range (0, 4), NULL);
      ++*n;
    }
  else if (g_test_rand_int_range (0, 40) == 0)
    {
      g_autofree char *uids = mf_fake_uids (rig->fake, "INBOX");
      g_autoptr (MfUidSet) set = mf_uidset_parse (uids);
      mf_fake_renumber (rig->fake, "INBOX");
      *n = set != NULL ? (guint)mf_uidset_count (set) : 0;
    }
  else if (!mf_fake_message (rig->fake, "INBOX", uid, NULL, NULL, NULL))
    return;
  else if (g_test_rand_bit ())
    mf_fake_expunge (rig->fake, "INBOX", uid);
  else
    mf_fake_set_flags (rig->fake, "INBOX", uid, (MfFlags)g_test_rand_int_range (0, 64),
                       g_test_rand_bit () ? "a b" : NULL);
}

static void
pull_somehow (MfRig *rig)
{
  static const MfChangeSink nothing = { NULL, NULL };
  g_autoptr (GError) error = NULL;

  switch (g_test_rand_int_range (0, 6))
    {
    case 0:
      mf_rig_relink (rig);
      break;
    case 1:
      g_assert_true (mf_link_open (rig->link, NULL));
      mf_link_resync (rig->link, "other", NULL, &nothing, NULL, NULL, &error);
      g_assert_no_error (error);
      break;
    case 2:
      mf_fake_die_after_rows (rig->fake, (guint)g_test_rand_int_range (0, 10));
      mf_rig_try_pull_folder (rig, "INBOX", NULL);
      mf_fake_die_after_rows (rig->fake, (guint)-1);
      break;
    case 3:
      mf_fake_fail (rig->fake, MF_FAKE_FETCH, MF_REMOTE_ERROR_REFUSED, 1);
      mf_rig_try_pull_folder (rig, "INBOX", NULL);
      mf_fake_forget_failures (rig->fake);
      break;
    default:
      break;
    }
  /* A mailbox that was made anew under a session ends it. */
  if (!mf_rig_try_pull_folder (rig, "INBOX", NULL))
    mf_rig_pull_folder (rig, "INBOX");
}

static void
test_random_changes_are_followed (MfRig *rig, gconstpointer data)
{
  guint n = 0;

  for (int round = 0; round < 400; round++)
    {
      for (gint32 i = g_test_rand_int_range (0, 6); i > 0; i--)
        change_something (rig, &n);
      pull_somehow (rig);
      mf_rig_assert_same (rig, "INBOX");
    }
}

/* ---- all together ----------------------------------------------------- */

typedef struct
{
  MfCaps caps;
  const Change *change;
} Case;

static void
set_up_case (MfRig *rig, gconstpointer data)
{
  mf_rig_set_up_unlisted (rig, GUINT_TO_POINTER (((const Case *)data)->caps));
}

static void
test_change (MfRig *rig, gconstpointer data)
{
  follow (rig, ((const Case *)data)->change);
}

static void
add_changes (void)
{
  static Case cases[G_N_ELEMENTS (changes)][MF_RIG_N_STEPS];

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    for (guint j = 0; j < MF_RIG_N_STEPS; j++)
      {
        g_autofree char *path
            = g_strdup_printf ("/pull/%s, %s", changes[i].claim, mf_rig_steps[j].name);
        cases[i][j] = (Case){ mf_rig_steps[j].caps, &changes[i] };
        g_test_add (path, MfRig, &cases[i][j], set_up_case, test_change, mf_rig_tear_down);
      }
}

/* With QRESYNC. */
static void
set_up_early (MfRig *rig, gconstpointer data)
{
  mf_rig_set_up_unlisted (rig, GUINT_TO_POINTER (QRESYNC));
}

int
main (int argc, char **argv)
{
  static const Early in_passing = { fetch_in_passing, FALSE }, ahead = { fetch_ahead, TRUE };

  g_test_init (&argc, &argv, NULL);
  add_changes ();
  mf_rig_add_each ("/pull/nothing changed costs no listing", test_nothing_changed_costs_nothing);
  mf_rig_add_each ("/pull/the last one expunged costs nothing later",
                   test_last_one_expunged_costs_nothing_later);
  mf_rig_add_each ("/pull/ids stay when flags change", test_ids_stay);
  mf_rig_add_each ("/pull/a mailbox that is open is followed", test_open_mailbox_is_followed);
  mf_rig_add_each ("/pull/more news than single ones", test_more_news_than_single_ones);
  mf_rig_add_each ("/pull/another UIDVALIDITY is followed", test_another_uidvalidity_is_followed);
  mf_rig_add_each ("/pull/a server that forgot what it has told is followed",
                   test_server_that_forgot_is_followed);
  mf_rig_add_each ("/pull/a refusal removes nothing", test_refusal_removes_nothing);
  mf_rig_add_each ("/pull/what was caught up before a loss is true",
                   test_interrupted_catching_up_is_true);
  mf_rig_add_each ("/pull/a change after SELECT is not lost", test_change_after_select_is_not_lost);
  mf_rig_add_each ("/pull/an own message with a UID ahead hides nothing",
                   test_own_uid_ahead_hides_nothing);
  mf_rig_add_each ("/pull/a folder that goes meanwhile leaves no rows",
                   test_folder_that_goes_meanwhile_leaves_no_rows);
  mf_rig_add_each ("/pull/a folder that is renumbered meanwhile stays so",
                   test_folder_renumbered_meanwhile_stays_so);
  mf_rig_add_each ("/pull/CONDSTORE may go away and come back", test_condstore_that_goes_away);
  mf_rig_add_each ("/pull/a MODSEQ may go back", test_modseq_that_went_back);
  mf_rig_add_each ("/pull/random changes are followed", test_random_changes_are_followed);
  g_test_add ("/pull/news in passing hide no message", MfRig, &in_passing, set_up_early,
              test_early_news_hide_nothing, mf_rig_tear_down);
  g_test_add ("/pull/news that are ahead hide neither message nor removal", MfRig, &ahead,
              set_up_early, test_early_news_hide_nothing, mf_rig_tear_down);
  return g_test_run ();
}
