#include "proto/refusal.h"

#include <string.h>

/* A status reply as reply.h would have cut it. */
static GError *
refuse (MfReplyState state, const char *code, const char *words, gboolean at_login)
{
  MfReply reply = { .kind = MF_REPLY_TAGGED, .state = state };

  reply.code = mf_scan (code, strlen (code));
  reply.words = mf_scan (words, strlen (words));
  return at_login ? mf_refusal_new_at_login (&reply) : mf_refusal_new (&reply);
}

static void
test_codes (void)
{
  static const struct
  {
    const char *code;
    MfRemoteError error;
  } known[] = {
    { "NONEXISTENT", MF_REMOTE_ERROR_NOT_FOUND }, { "trycreate", MF_REMOTE_ERROR_NOT_FOUND },
    { "ALREADYEXISTS", MF_REMOTE_ERROR_EXISTS },  { "NOPERM", MF_REMOTE_ERROR_DENIED },
    { "OVERQUOTA", MF_REMOTE_ERROR_QUOTA },       { "LIMIT", MF_REMOTE_ERROR_QUOTA },
    { "TOOBIG", MF_REMOTE_ERROR_QUOTA },
    { "UNAVAILABLE", MF_REMOTE_ERROR_BUSY },      { "INUSE x", MF_REMOTE_ERROR_BUSY },
    { "THROTTLED", MF_REMOTE_ERROR_BUSY },        { "CANNOT", MF_REMOTE_ERROR_DENIED },
    { "EXPIRED", MF_REMOTE_ERROR_AUTH },          { "READ-ONLY", MF_REMOTE_ERROR_READ_ONLY },
    { "WHATEVER", MF_REMOTE_ERROR_REFUSED },      { "", MF_REMOTE_ERROR_REFUSED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (GError) error = refuse (MF_STATE_NO, known[i].code, "words of the server", FALSE);

      g_assert_error (error, MF_REMOTE_ERROR, (gint)known[i].error);
      g_assert_cmpstr (error->message, ==, "words of the server");
    }
}

static void
test_words (void)
{
  g_autoptr (GError) gmail
      = refuse (MF_STATE_NO, "ALERT", "Too many simultaneous connections. (Failure)", TRUE);
  g_autoptr (GError) exchange = refuse (
      MF_STATE_BAD, "", "Request is throttled. Suggested Backoff Time: 299961 milliseconds", FALSE);
  g_autoptr (GError) dovecot = refuse (MF_STATE_NO, "", "Mailbox doesn't exist: x", FALSE);

  g_assert_error (gmail, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY);
  g_assert_error (exchange, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY);
  g_assert_cmpuint (mf_remote_error_backoff_ms (exchange), ==, 299961);
  g_assert_cmpuint (mf_remote_error_backoff_ms (gmail), ==, 0);
  g_assert_error (dovecot, MF_REMOTE_ERROR, MF_REMOTE_ERROR_NOT_FOUND);
}

static void
test_login (void)
{
  g_autoptr (GError) plain = refuse (MF_STATE_NO, "", "Nope", TRUE);
  g_autoptr (GError) limit = refuse (MF_STATE_NO, "LIMIT", "10 connections", TRUE);
  g_autoptr (GError) bad = refuse (MF_STATE_BAD, "", "Unsupported", TRUE);
  g_autoptr (GError) unknown = refuse (MF_STATE_NO, "", "user does not exist", TRUE);

  g_assert_error (plain, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH);
  g_assert_error (limit, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY);
  g_assert_error (bad, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH);
  g_assert_error (unknown, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH);
}

static void
test_clean (void)
{
  g_autofree char *flood = g_strnfill (100000, 'x');
  g_autoptr (GError) dirty = refuse (MF_STATE_NO, "", "a\x1b[31m\xff b\t\xc2\x9b" "31mc", FALSE);
  g_autoptr (GError) long_one = refuse (MF_STATE_NO, "", flood, FALSE);
  g_autoptr (GError) silent = refuse (MF_STATE_NO, "", " ", FALSE);

  g_assert_true (g_utf8_validate (dirty->message, -1, NULL));
  g_assert_null (strchr (dirty->message, '\x1b'));
  g_assert_null (strstr (dirty->message, "\xc2\x9b"));
  g_assert_cmpuint (strlen (long_one->message), <, 1000);
  g_assert_cmpstr (silent->message, !=, "");
}

static void
test_bye (void)
{
  g_autoptr (GError) bye = refuse (MF_STATE_BYE, "NOPERM", "Go away", FALSE);
  g_autoptr (GError) busy = refuse (MF_STATE_BYE, "UNAVAILABLE", "Later", FALSE);

  g_assert_error (bye, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE);
  g_assert_error (busy, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/refusal/codes", test_codes);
  g_test_add_func ("/refusal/words-where-there-is-no-code", test_words);
  g_test_add_func ("/refusal/while-logging-in", test_login);
  g_test_add_func ("/refusal/the-words-are-fit-to-print", test_clean);
  g_test_add_func ("/refusal/bye", test_bye);
  return g_test_run ();
}
