/* A removal is believed when the whole answer has come: pull.h over proto/, with a
 * server that breaks off or refuses in the midst of telling it. */
#include "cache/pull.h"

#include "cache/folders.h"
#include "tests/rig.h"
#include "tests/scripted-imapd.h"

#define QRESYNC "C: A2 ENABLE QRESYNC", "S: * ENABLED QRESYNC", "S: A2 OK"
#define OPENED                                                                                     \
  "S: * 5 EXISTS", "S: * OK [UIDVALIDITY 1] .", "S: * OK [UIDNEXT 6] .",                            \
      "S: * OK [HIGHESTMODSEQ 20] ."
#define FLAGS                                                                                      \
  "S: * 1 FETCH (UID 1 FLAGS (\\Seen))", "S: * 2 FETCH (UID 2 FLAGS (\\Seen))",                      \
      "S: * 3 FETCH (UID 3 FLAGS (\\Seen))"

/* How an answer with the tag at %u goes on that has begun. */
static const char *const endings[] = {
  "N",           /* the connection is lost */
  "R: * SEAR",   /* within a line */
  "R: * VANISHED (EARLIER) 4",
  "S: A%u NO not now",
  "S: A%u NO [UNAVAILABLE] later",
  "S: A%u BAD what?",
  "S: * BYE out of memory",
};

static void
set_up (MfRig *rig, gconstpointer data)
{
  mf_rig_init (rig, 0);
  MfFolderId inbox = mf_rig_put_folder (rig, "INBOX");
  for (guint32 uid = 1; uid <= 5; uid++)
    mf_rig_put_message (rig, inbox, uid, 10);
  mf_rig_sql (rig, "UPDATE folder SET known = 1, uidnext = 6, highestmodseq = 9"
                   " WHERE mailbox = 'INBOX'");
}

/* (transfer full): @begun and the @i-th ending. */
static char **
make_script (const char *const *begun, guint tag, guint i)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  char number[12];
  g_auto (GStrv) parts = g_strsplit (endings[i], "%u", 2);

  g_snprintf (number, sizeof number, "%u", tag);
  g_autofree char *last = g_strjoinv (number, parts);
  g_strv_builder_addv (builder, (const char **) begun);
  g_strv_builder_add (builder, last);
  return g_strv_builder_end (builder);
}

static void
assert_nothing_is_gone (MfRig *rig, const char *caps, const char *const *begun, guint tag)
{
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_auto (GStrv) script = make_script (begun, tag, i);
      g_autoptr (GError) error = NULL;
      MfAccount account;
      MfScripted *server;
      MfRemote *session = mf_scripted_open (caps, (const char *const *) script, &account, &server);
      MfLink *link = mf_link_new (&mf_remote_imap, &account);

      link->remote = session;
      g_assert_false (mf_pull_folder (&rig->settle, link, mf_rig_find (rig, "INBOX"), &error));
      g_assert_error (error, MF_REMOTE_ERROR, error->code);
      g_assert_cmpint (mf_rig_number (rig, "SELECT COUNT(*) FROM message"), ==, 5);
      g_assert_cmpint (mf_rig_number (rig, "SELECT highestmodseq FROM folder"
                                           " WHERE mailbox = 'INBOX'"), ==, 9);
      mf_link_free (link);
      g_free (mf_scripted_end (server));
    }
}

static void
test_search (MfRig *rig, gconstpointer data)
{
  const char *begun[] = { "C: A2 EXAMINE \"INBOX\"", OPENED, "S: A2 OK", "C: A3 UID FETCH 1:5 *",
                          FLAGS, "S: A3 OK", "C: A4 UID SEARCH ALL", "S: * SEARCH 1 2", NULL };

  assert_nothing_is_gone (rig, "", begun, 4);
}

static void
test_esearch (MfRig *rig, gconstpointer data)
{
  const char *begun[] = { "C: A2 EXAMINE \"INBOX\"", OPENED, "S: A2 OK", "C: A3 UID FETCH 1:5 *",
                          FLAGS, "S: A3 OK", "C: A4 UID SEARCH RETURN (ALL) ALL",
                          "S: * ESEARCH (TAG \"A4\") UID ALL 1:2", NULL };

  assert_nothing_is_gone (rig, "ESEARCH", begun, 4);
}

static void
test_flags (MfRig *rig, gconstpointer data)
{
  const char *begun[] = { "C: A2 EXAMINE \"INBOX\"", OPENED, "S: A2 OK", "C: A3 UID FETCH 1:5 *",
                          FLAGS, NULL };

  assert_nothing_is_gone (rig, "", begun, 3);
}

static void
test_resync (MfRig *rig, gconstpointer data)
{
  const char *begun[] = { QRESYNC, "C: A3 EXAMINE \"INBOX\" (QRESYNC (1 9*))", OPENED,
                          "S: * VANISHED (EARLIER) 1:3", NULL };

  assert_nothing_is_gone (rig, "ENABLE CONDSTORE QRESYNC", begun, 3);
}

/* The first answer is whole, the one for what is new is not. */
static void
test_new_ones (MfRig *rig, gconstpointer data)
{
  const char *begun[] = { QRESYNC, "C: A3 EXAMINE \"INBOX\" (QRESYNC (1 9*))",
                          "S: * 4 EXISTS", "S: * OK [UIDVALIDITY 1] .", "S: * OK [UIDNEXT 9] .",
                          "S: * OK [HIGHESTMODSEQ 20] .", "S: * VANISHED (EARLIER) 1:3", "S: A3 OK",
                          "C: A4 UID FETCH 6:* *", NULL };

  assert_nothing_is_gone (rig, "ENABLE CONDSTORE QRESYNC", begun, 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add ("/cut/" path, MfRig, NULL, set_up, func, mf_rig_tear_down)
  ADD ("a SEARCH that breaks off removes nothing", test_search);
  ADD ("an ESEARCH that breaks off removes nothing", test_esearch);
  ADD ("a FETCH of flags that breaks off removes nothing", test_flags);
  ADD ("a VANISHED before the answer is whole removes nothing", test_resync);
  ADD ("a VANISHED waits for the whole pull", test_new_ones);
  return g_test_run ();
}
