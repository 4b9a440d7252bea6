#include "proto/search.h"

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap
#define SELECT "C: A2 SELECT \"x\"", "S: * 3 EXISTS", "S: A2 OK"

/* All UIDs, or those of @criteria; NULL with @error. */
static char *
ask (const char *caps, const char *const *script, const char *criteria, GError **error)
{
  g_autoptr (MfUidSet) uids = mf_uidset_new ();
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open (caps, script, &account, &server);
  MfMailboxStatus status;
  gboolean ok;

  g_assert_true (remote.select (session, "x", FALSE, NULL, NULL, NULL, &status, NULL, NULL, NULL));
  ok = criteria != NULL ? remote.search (session, criteria, uids, NULL, error)
                        : remote.uids (session, uids, NULL, error);
  remote.close (session);
  mf_scripted_assert (server);
  g_assert_true (ok || mf_uidset_is_empty (uids));
  return ok ? mf_uidset_to_string (uids) : NULL;
}

static void
test_both_forms (void)
{
  const char *plain[]
      = { SELECT, "C: A3 UID SEARCH ALL", "S: * SEARCH 5 1", "S: * SEARCH 2 (MODSEQ 9)", "S: A3 OK",
          NULL };
  const char *extended[]
      = { SELECT, "C: A3 UID SEARCH RETURN (ALL) ALL",
          "S: * ESEARCH (TAG \"A3\") UID MIN 1 ALL 1:2,5 FUTURE (a)", "S: A3 OK", NULL };
  g_autofree char *first = ask ("", plain, NULL, NULL);
  g_autofree char *second = ask ("ESEARCH", extended, NULL, NULL);

  g_assert_cmpstr (first, ==, "1:2,5");
  g_assert_cmpstr (second, ==, "1:2,5");
}

static void
test_nothing_is_an_error (void)
{
  const char *none[] = { SELECT, "C: A3 *", "S: A3 OK", NULL };
  const char *empty[] = { SELECT, "C: A3 *", "S: * SEARCH", "S: A3 OK", NULL };
  const char *sequence[]
      = { SELECT, "C: A3 *", "S: * ESEARCH (TAG \"A3\") ALL 1:3", "S: A3 OK", NULL };
  const char *garbage[] = { SELECT, "C: A3 *", "S: * SEARCH 1 2 4294967297", "S: A3 OK", NULL };
  const char *const *const scripts[] = { none, empty, sequence, garbage };

  for (gsize i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (ask (i == 2 ? "ESEARCH" : "", scripts[i], NULL, &error));
      assert_remote_error (error, MF_REMOTE_ERROR_PROTOCOL);
    }
}

static void
test_empty_result (void)
{
  const char *script[] = { SELECT, "C: A3 UID SEARCH RETURN (ALL) FROM \"a \\\"b\"",
                           "S: * ESEARCH (TAG \"A3\") UID", "S: A3 OK", NULL };
  g_autofree char *found = ask ("ESEARCH", script, "FROM \"a \\\"b\"", NULL);

  g_assert_cmpstr (found, ==, "");
}

static void
test_utf8 (void)
{
  const char *waits[] = { SELECT,
                          "C: A3 UID SEARCH CHARSET UTF-8 OR SUBJECT {3}",
                          "S: * 4 EXISTS",
                          "S: + go",
                          "C: \xc3\xbc\" FROM \"b\"",
                          "S: * SEARCH 7",
                          "S: A3 OK",
                          NULL };
  const char *plus[] = { SELECT,
                         "C: A3 UID SEARCH CHARSET UTF-8 OR SUBJECT {3+}",
                         "C: \xc3\xbc\" FROM \"b\"",
                         "S: * SEARCH 7",
                         "S: A3 OK",
                         NULL };
  const char *refused[] = { SELECT, "C: A3 *", "S: A3 NO [BADCHARSET] ASCII only", NULL };
  const char *criteria = "OR SUBJECT \"\xc3\xbc\\\"\" FROM \"b\"";
  g_autofree char *first = ask ("", waits, criteria, NULL);
  g_autofree char *second = ask ("LITERAL+", plus, criteria, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (first, ==, "7");
  g_assert_cmpstr (second, ==, "7");
  g_assert_null (ask ("", refused, criteria, &error));
  assert_remote_error (error, MF_REMOTE_ERROR_REFUSED);
}

static void
test_line_end (void)
{
  const char *script[] = { SELECT, NULL };
  g_autoptr (GError) error = NULL;

  g_assert_null (ask ("", script, "ALL\r\nA4 DELETE x", &error));
  assert_remote_error (error, MF_REMOTE_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/search/both-forms-of-the-answer", test_both_forms);
  g_test_add_func ("/search/all-uids-are-never-none-by-mistake", test_nothing_is_an_error);
  g_test_add_func ("/search/nothing-found", test_empty_result);
  g_test_add_func ("/search/utf-8-goes-as-literals", test_utf8);
  g_test_add_func ("/search/no-line-end-gets-into-it", test_line_end);
  return g_test_run ();
}
