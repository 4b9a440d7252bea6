#include "proto/append.h"

#include <string.h>

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap

typedef struct
{
  const char *text;
  gsize at;
} Source;

static gssize
read_source (char *buffer, gsize size, gpointer user_data)
{
  Source *source = user_data;
  gsize left = strlen (source->text + source->at);

  /* In small bites, to see that this does not matter. */
  size = MIN (MIN (size, 2), left);
  memcpy (buffer, source->text + source->at, size);
  source->at += size;
  return (gssize)size;
}

typedef struct
{
  MfAccount account;
  MfScripted *server;
  MfRemote *session;
  GError *error;
  Source sources[3];
  MfUpload uploads[3];
  guint done;
  guint32 uidvalidity;
} Fixture;

static void
begin_with (Fixture *f, const char *caps, const char *const *script)
{
  static const char *const texts[] = { "a\r\nb\nc", "", "d\re" };

  memset (f, 0, sizeof *f);
  f->session = mf_scripted_open (caps, script, &f->account, &f->server);
  for (guint i = 0; i < 3; i++)
    {
      f->sources[i] = (Source){ texts[i], 0 };
      f->uploads[i] = (MfUpload){ .size = strlen (texts[i]),
                                  .read = read_source,
                                  .user_data = &f->sources[i] };
    }
  f->uploads[0].flags = MF_FLAG_SEEN;
  f->uploads[0].keywords = "k";
  f->uploads[0].internaldate = 837596665;
}

static gboolean
append (Fixture *f, guint n)
{
  return remote.append (f->session, "x", f->uploads, n, &f->done, &f->uidvalidity, NULL, &f->error);
}

static void
end (Fixture *f)
{
  g_clear_error (&f->error);
  remote.close (f->session);
  mf_scripted_assert (f->server);
}

#define FIRST "C: A2 APPEND \"x\" (\\Seen k) \"17-Jul-1996 09:44:25 +0000\" {6}"
#define FIRST_PLUS "C: A2 APPEND \"x\" (\\Seen k) \"17-Jul-1996 09:44:25 +0000\" {6+}"

static void
test_one (void)
{
  const char *script[]
      = { FIRST, "S: * 4 EXISTS", "S: + go on", "B: a\r\nb\nc\r\n", "S: A2 OK [APPENDUID 7 12] .",
          NULL };
  Fixture f;

  begin_with (&f, "", script);
  g_assert_true (append (&f, 1));
  g_assert_cmpuint (f.done, ==, 1);
  g_assert_cmpuint (f.uidvalidity, ==, 7);
  g_assert_cmpuint (f.uploads[0].out_uid, ==, 12);
  end (&f);
}

static void
test_refused_before_the_bytes (void)
{
  const char *script[] = { FIRST, "S: A2 NO [TRYCREATE] .", "C: A3 NOOP", "S: A3 OK", NULL };
  Fixture f;

  begin_with (&f, "", script);
  g_assert_false (append (&f, 2));
  assert_remote_error (f.error, MF_REMOTE_ERROR_NOT_FOUND);
  g_assert_cmpuint (f.done, ==, 0);
  g_assert_cmpuint (f.sources[0].at, ==, 0);
  g_assert_true (remote.noop (f.session, NULL, NULL));
  end (&f);
}

static void
test_multiappend (void)
{
  const char *script[] = { FIRST_PLUS,    "B: a\r\nb\nc", "C:  () {0+}",
                           "C:  () {3+}", "B: d\re\r\n",  "S: A2 OK [APPENDUID 7 12:13,20] .",
                           NULL };
  Fixture f;

  begin_with (&f, "MULTIAPPEND LITERAL+", script);
  g_assert_true (append (&f, 3));
  g_assert_cmpuint (f.done, ==, 3);
  g_assert_cmpuint (f.uploads[1].out_uid, ==, 13);
  g_assert_cmpuint (f.uploads[2].out_uid, ==, 20);
  end (&f);
}

static void
test_multiappend_refused (void)
{
  const char *script[]
      = { FIRST, "S: + ", "B: a\r\nb\nc", "C:  () {0}", "S: A2 NO [OVERQUOTA] .", NULL };
  Fixture f;

  begin_with (&f, "MULTIAPPEND", script);
  g_assert_false (append (&f, 3));
  assert_remote_error (f.error, MF_REMOTE_ERROR_QUOTA);
  g_assert_cmpuint (f.done, ==, 0);
  end (&f);
}

static void
test_pipelined (void)
{
  const char *script[] = { FIRST_PLUS,
                           "B: a\r\nb\nc\r\n",
                           "C: A3 APPEND \"x\" () {0+}",
                           "B: \r\n",
                           "C: A4 APPEND \"x\" () {3+}",
                           "B: d\re\r\n",
                           "S: A2 OK [APPENDUID 7 1] .",
                           "S: A3 NO empty",
                           "S: A4 OK [APPENDUID 7 2] .",
                           NULL };
  Fixture f;

  begin_with (&f, "UIDPLUS LITERAL+", script);
  g_assert_false (append (&f, 3));
  assert_remote_error (f.error, MF_REMOTE_ERROR_REFUSED);
  g_assert_cmpuint (f.done, ==, 1);
  g_assert_cmpuint (f.uploads[0].out_uid, ==, 1);
  g_assert_cmpuint (f.uploads[1].out_uid, ==, 0);
  g_assert_cmpuint (f.uploads[2].out_uid, ==, 2);
  end (&f);
}

static void
test_one_by_one (void)
{
  const char *script[] = { FIRST_PLUS, "B: a\r\nb\nc\r\n", "S: A2 OK", "C: A3 *",
                           "B: \r\n",  "S: A3 NO empty",   NULL };
  Fixture f;

  begin_with (&f, "LITERAL+", script);
  g_assert_false (append (&f, 3));
  g_assert_cmpuint (f.done, ==, 1);
  g_assert_cmpuint (f.uidvalidity, ==, 0);
  end (&f);
}

static void
test_lying_appenduid (void)
{
  const char *const lies[]
      = { "S: A2 OK [APPENDUID 7 1:4294967295] .", "S: A2 OK [APPENDUID 7 1:2] .",
          "S: A2 OK [APPENDUID 7] .", "S: A2 OK [APPENDUID] ." };

  for (gsize i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      const char *script[] = { FIRST_PLUS, "B: a\r\nb\nc\r\n", lies[i], NULL };
      Fixture f;

      begin_with (&f, "LITERAL+", script);
      g_assert_true (append (&f, 1));
      g_assert_cmpuint (f.done, ==, 1);
      g_assert_cmpuint (f.uploads[0].out_uid, ==, 0);
      end (&f);
    }
}

static void
test_small_literals (void)
{
  g_autofree char *text = g_strnfill (4097, 'x');
  const char *script[] = { "C: A2 APPEND \"x\" () {3+}",   "B: d\re\r\n",      "S: A2 OK",
                           "C: A3 APPEND \"x\" () {4097}", "S: A3 NO too big", NULL };
  Fixture f;

  begin_with (&f, "LITERAL-", script);
  f.uploads[0] = f.uploads[2];
  g_assert_true (append (&f, 1));
  f.sources[0] = (Source){ text, 0 };
  f.uploads[0] = (MfUpload){ .size = 4097, .read = read_source, .user_data = &f.sources[0] };
  g_assert_false (append (&f, 1));
  end (&f);
}

static void
test_short_source (void)
{
  const char *script[] = { "H", NULL };
  Fixture f;

  begin_with (&f, "LITERAL+", script);
  f.sources[0].at = 3;
  g_assert_false (append (&f, 1));
  assert_remote_error (f.error, MF_REMOTE_ERROR_INVALID);
  g_clear_error (&f.error);
  g_assert_false (remote.noop (f.session, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  end (&f);
}

/* Of a server that is laxer than the grammar: the message is not kept back for it. */
static void
test_odd_keywords (void)
{
  const char *script[] = { FIRST_PLUS,
                           "B: a\r\nb\nc",
                           "C:  () {0+}",
                           "B: \r\n",
                           "S: A2 OK [APPENDUID 7 1:2] .",
                           NULL };
  Fixture f;

  begin_with (&f, "MULTIAPPEND LITERAL+", script);
  f.uploads[0].keywords = "gr\xc3\xbcn k";
  f.uploads[1].keywords = "a]";
  g_assert_true (append (&f, 2));
  g_assert_cmpuint (f.done, ==, 2);
  end (&f);
}

static void
test_line_end_in_name (void)
{
  const char *script[] = { "C: A2 NOOP", "S: A2 OK", NULL };
  Fixture f;

  begin_with (&f, "MULTIAPPEND LITERAL+", script);
  g_assert_false (remote.append (f.session, "x\r\ny", f.uploads, 2, &f.done, &f.uidvalidity, NULL,
                                 &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_INVALID);
  g_assert_true (remote.noop (f.session, NULL, NULL));
  end (&f);
}

static void
test_answer_lost (void)
{
  const char *script[] = { FIRST_PLUS, "B: a\r\nb\nc\r\n", NULL };
  Fixture f;

  begin_with (&f, "LITERAL+", script);
  g_assert_false (append (&f, 1));
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpuint (f.done, ==, 0);
  end (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/append/byte-for-byte", test_one);
  g_test_add_func ("/append/refused-before-the-bytes", test_refused_before_the_bytes);
  g_test_add_func ("/append/several-in-one-command", test_multiappend);
  g_test_add_func ("/append/several-in-one-command-or-none", test_multiappend_refused);
  g_test_add_func ("/append/pipelined-with-a-refusal-between", test_pipelined);
  g_test_add_func ("/append/one-by-one-where-uids-are-not-told", test_one_by_one);
  g_test_add_func ("/append/uids-that-cannot-be-are-not-believed", test_lying_appenduid);
  g_test_add_func ("/append/large-literals-are-asked-for", test_small_literals);
  g_test_add_func ("/append/a-source-that-ends-early-ends-the-session", test_short_source);
  g_test_add_func ("/append/keywords-that-cannot-be-sent-are-left-out", test_odd_keywords);
  g_test_add_func ("/append/a-name-with-a-line-end-sends-nothing", test_line_end_in_name);
  g_test_add_func ("/append/a-lost-answer-confirms-nothing", test_answer_lost);
  return g_test_run ();
}
