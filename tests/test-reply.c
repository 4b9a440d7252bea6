#include "proto/reply.h"

#include <string.h>

#include "tests/scripted-imapd.h"

typedef struct
{
  MfAccount account;
  MfScripted *server;
  MfStream *stream;
  MfReply reply;
} Fixture;

static void
begin (Fixture *f, const char *bytes)
{
  f->server = mf_scripted_new_bytes (bytes, strlen (bytes));
  f->account = mf_scripted_account (f->server);
  f->stream = mf_stream_open (&f->account, NULL, NULL);
  g_assert_nonnull (f->stream);
  mf_reply_init (&f->reply);
}

static gboolean
read_one (Fixture *f)
{
  return mf_reply_read (&f->reply, f->stream, NULL, NULL, NULL, NULL);
}

static void
end (Fixture *f)
{
  mf_reply_clear (&f->reply);
  mf_stream_free (f->stream);
  mf_scripted_assert (f->server);
}

static void
test_kinds (void)
{
  Fixture f;

  begin (&f, "* OK [UIDNEXT 4] Predicted\r\n* 23 EXISTS\r\n\r\nA12 NO [LIMIT \"a]b\"]\r\n+ "
             "idling\r\n+\r\n* BYE\r\nB1 OK\r\nA1x OK\r\n* \r\n");
  g_assert_true (read_one (&f));
  g_assert_cmpint (f.reply.kind, ==, MF_REPLY_STATUS);
  g_assert_true (mf_reply_has_code (&f.reply, "uidnext"));
  g_assert_true (mf_scan_is (&f.reply.words, "Predicted"));
  g_assert_true (read_one (&f));
  g_assert_true (mf_reply_is (&f.reply, "exists"));
  g_assert_cmpuint (f.reply.number, ==, 23);
  g_assert_true (read_one (&f));
  g_assert_cmpint (f.reply.kind, ==, MF_REPLY_TAGGED);
  g_assert_cmpint (f.reply.state, ==, MF_STATE_NO);
  g_assert_cmpuint (f.reply.tag, ==, 12);
  g_assert_true (mf_scan_is (&f.reply.code, "LIMIT \"a]b\""));
  g_assert_true (read_one (&f));
  g_assert_cmpint (f.reply.kind, ==, MF_REPLY_CONTINUE);
  g_assert_true (mf_scan_is (&f.reply.words, "idling"));
  g_assert_true (read_one (&f));
  g_assert_cmpint (f.reply.kind, ==, MF_REPLY_CONTINUE);
  g_assert_true (read_one (&f));
  g_assert_cmpint (f.reply.state, ==, MF_STATE_BYE);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (read_one (&f));
      g_assert_cmpint (f.reply.kind, ==, MF_REPLY_STRANGE);
    }
  g_assert_false (read_one (&f));
  end (&f);
}

static void
test_literals (void)
{
  Fixture f;

  begin (&f, "* LIST () \"/\" {7}\r\nA1 OK\r\n\r\n* X ~{3}\r\n{9} {2+}\r\n\r\n)\r\n* OK no literal "
             "{5}\r\n* 1 EXISTS\n");
  g_assert_true (read_one (&f));
  g_assert_cmpstr (f.reply.text->str, ==, "* LIST () \"/\" {7}\r\nA1 OK\r\n\r\n");
  g_assert_true (read_one (&f));
  g_assert_cmpstr (f.reply.text->str, ==, "* X ~{3}\r\n{9} {2+}\r\n\r\n)\r\n");
  g_assert_true (read_one (&f));
  g_assert_cmpint (f.reply.kind, ==, MF_REPLY_STATUS);
  g_assert_true (read_one (&f));
  g_assert_true (mf_reply_is (&f.reply, "EXISTS"));
  end (&f);
}

/* Without a sink a body goes nowhere, however large it is. */
static void
test_unwanted_body (void)
{
  Fixture f;

  begin (&f,
         "* 1 FETCH (UID 4 BODY[] {5}\r\nabcde FLAGS ())\r\n* 2 FETCH (BODY[1] {3}\r\nabc)\r\n");
  g_assert_true (read_one (&f));
  g_assert_cmpstr (f.reply.text->str, ==, "* 1 FETCH (UID 4 BODY[] {0}\r\n FLAGS ())\r\n");
  g_assert_false (f.reply.has_body);
  g_assert_true (read_one (&f));
  g_assert_cmpstr (f.reply.text->str, ==, "* 2 FETCH (BODY[1] {3}\r\nabc)\r\n");
  end (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reply/kinds", test_kinds);
  g_test_add_func ("/reply/literals-belong-to-their-line", test_literals);
  g_test_add_func ("/reply/bodies-nobody-wants-do-not-stay", test_unwanted_body);
  return g_test_run ();
}
