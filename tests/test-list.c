#include "proto/list.h"

#include "tests/scripted-imapd.h"

static void
note_folder (const MfRemoteFolder *f, gpointer user_data)
{
  g_string_append_printf (user_data, "%s%s%s%s/%c", f->mailbox, f->selectable ? "" : "!",
                          f->subscribed ? "+" : "", f->no_inferiors ? "." : "",
                          f->delimiter != 0 ? f->delimiter : '0');
  if (f->special_use != MF_USE_NONE)
    g_string_append_printf (user_data, "u%d", f->special_use);
  if (f->status != NULL)
    g_string_append_printf (user_data, "(%u %u %u %u %" G_GUINT64_FORMAT ")", f->status->messages,
                            f->status->unseen, f->status->uidnext, f->status->uidvalidity,
                            f->status->highestmodseq);
  g_string_append_c (user_data, ' ');
}

static void
run (const char *caps, const char *const *script, gboolean with_status, const char *expected)
{
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open (caps, script, &account, &server);

  mf_remote_imap.list (session, with_status, note_folder, log, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (log->str, ==, expected);
  mf_remote_imap.close (session);
  mf_scripted_assert (server);
}

static void
test_extended (void)
{
  const char *script[]
      = { "C: A2 LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN UIDNEXT "
          "UIDVALIDITY HIGHESTMODSEQ))",
          "S: * LIST (\\Subscribed \\HasNoChildren) \"/\" inbox",
          "S: * STATUS \"INBOX\" (MESSAGES 3 UIDNEXT 9 HIGHESTMODSEQ 99999999999)",
          "S: * LIST (\\Noselect \\HasChildren) \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\"))",
          "S: * LIST (\\Sent \\NoInferiors) NIL {3}",
          "S: b\"c",
          "S: * STATUS {3}",
          "S: b\"c (UNSEEN 1 SIZE 8589934592 FUTURE (x y) UIDVALIDITY 7)",
          "S: * STATUS gone (MESSAGES 1)",
          "S: A2 OK",
          NULL };

  run ("LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE", script, TRUE,
       "INBOX+/\x2f(3 0 9 0 99999999999) a!// b\"c./0u7(0 1 0 7 0) ");
}

static void
test_plain (void)
{
  const char *script[] = { "C: A2 LIST \"\" \"*\"",
                           "S: * LIST () \".\" INBOX",
                           "S: * LIST (\\Noselect) \".\" x",
                           "S: * LIST () \".\" x.y",
                           "S: A2 OK",
                           "C: A3 LSUB \"\" \"*\"",
                           "S: * LSUB () \".\" x.y",
                           "S: * LSUB () \".\" old",
                           "S: A3 OK",
                           "C: A4 STATUS \"INBOX\" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)",
                           "C: A5 STATUS \"x.y\" *",
                           "S: A4 NO [NOPERM] no",
                           "S: * STATUS x.y (MESSAGES 2)",
                           "S: A5 OK",
                           NULL };

  run ("", script, TRUE, "INBOX/. x!/. x.y+/.(2 0 0 0 0) ");
}

static void
test_odd_lines (void)
{
  const char *script[] = { "C: A2 LIST *",
                           "S: * LIST (\\HasChildren \\) \"/\" a",
                           "S: * LIST () \"\\\\\" \"a\\\\b\"",
                           "S: * LIST (",
                           "S: * LIST () \"/\"",
                           "S: * LIST () \"/\" \"open",
                           "S: * LIST () \"/\" a",
                           "S: * LIST () \"/\" \"\"",
                           "S: * STATUS \"RUU\" ()",
                           "S: * STATUS a (MESSAGES",
                           "S: A2 OK",
                           "C: A3 LSUB *",
                           "S: A3 OK",
                           NULL };

  run ("", script, FALSE, "a// a\\b/\\ ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/list/everything-in-one-command", test_extended);
  g_test_add_func ("/list/without-extensions", test_plain);
  g_test_add_func ("/list/odd-lines", test_odd_lines);
  return g_test_run ();
}
