#include "proto/session.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap

typedef struct
{
  MfAccount account;
  MfScripted *server;
  MfRemote *session;
  GError *error;
} Fixture;

static void
begin (Fixture *f, const char *const *script)
{
  f->error = NULL;
  f->session = mf_scripted_open ("", script, &f->account, &f->server);
}

static void
end (Fixture *f)
{
  g_clear_error (&f->error);
  remote.close (f->session);
  mf_scripted_assert (f->server);
}

static void
test_unknown_data (void)
{
  const char *script[] = { "C: A2 NOOP",
                           "S: * METADATA INBOX (/x {5}",
                           "R: A2 OK",
                           "S: ) more",
                           "S: * BLURDYBLOOP (a (b) \"",
                           "S: ",
                           "S: what is this",
                           "S: * ",
                           "S: * NAMESPACE NIL NIL NIL",
                           "S: * OK [UNKNOWN-CODE a b] text {5}",
                           "S: A2 OK done",
                           "C: A3 NOOP",
                           "S: A3 OK done",
                           NULL };
  Fixture f;

  begin (&f, script);
  g_assert_true (remote.noop (f.session, NULL, &f.error));
  g_assert_true (remote.noop (f.session, NULL, &f.error));
  end (&f);
}

static void
test_odd_lines (void)
{
  const char *script[] = { "C: A2 NOOP", "R: * 3 EXISTS\n", "R: A2 ok\n",          "C: A3 NOOP",
                           "S: A3 OK",   "C: A4 NOOP",      "S: A4 OK [READ-ONLY", NULL };
  Fixture f;

  begin (&f, script);
  for (guint i = 0; i < 3; i++)
    g_assert_true (remote.noop (f.session, NULL, &f.error));
  end (&f);
}

static void
test_bye (void)
{
  const char *script[] = { "C: A2 NOOP", "S: * BYE Server is going down for the night", "H", NULL };
  Fixture f;

  begin (&f, script);
  g_assert_false (remote.noop (f.session, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpstr (f.error->message, ==, "Server is going down for the night");
  g_clear_error (&f.error);
  g_assert_false (remote.noop (f.session, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  end (&f);
}

static void
test_refusals_keep_it_alive (void)
{
  const char *script[] = { "C: A2 NOOP", "S: A2 NO [OVERQUOTA] Full",
                           "C: A3 NOOP", "S: A3 BAD",
                           "C: A4 NOOP", "S: A4 OK",
                           NULL };
  Fixture f;

  begin (&f, script);
  g_assert_false (remote.noop (f.session, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_QUOTA);
  g_clear_error (&f.error);
  g_assert_false (remote.noop (f.session, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_REFUSED);
  g_clear_error (&f.error);
  g_assert_true (remote.noop (f.session, NULL, &f.error));
  end (&f);
}

static void
test_end_of_file (void)
{
  const char *script[] = { "C: A2 NOOP", "R: * 3 EXI", NULL };
  Fixture f;

  begin (&f, script);
  g_assert_false (remote.noop (f.session, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  end (&f);
}

static void
test_wrong_tag (void)
{
  const char *script[] = { "C: A2 NOOP", "S: A1 OK again", "H", NULL };
  Fixture f;

  begin (&f, script);
  g_assert_false (remote.noop (f.session, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_PROTOCOL);
  end (&f);
}

static void
test_silence (void)
{
  const char *script[] = { "C: A2 NOOP", "R: A2 O", "H", NULL };
  Fixture f;
  gint64 start;

  begin (&f, script);
  f.account.timeout_ms = 150;
  start = g_get_monotonic_time ();
  g_assert_false (remote.noop (f.session, NULL, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 150000);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 4000000);
  end (&f);
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (100000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancel (void)
{
  const char *script[] = { "C: A2 NOOP", "H", NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread;
  Fixture f;
  gint64 start;

  begin (&f, script);
  start = g_get_monotonic_time ();
  thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_assert_false (remote.noop (f.session, cancellable, &f.error));
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 4000000);
  g_thread_join (thread);
  end (&f);
}

static void
test_many_descriptors (void)
{
  const char *script[] = { "C: A2 NOOP", "S: A2 OK", NULL };
  struct rlimit limit;
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
  Fixture f;
  int fd;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = MIN (limit.rlim_max, 2048);
  setrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 1200)
    {
      g_test_skip ("too few descriptors allowed");
      return;
    }
  do
    {
      fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
      g_assert_cmpint (fd, >=, 0);
      g_array_append_val (fds, fd);
    }
  while (fd < 1100);
  begin (&f, script);
  g_assert_true (remote.noop (f.session, NULL, &f.error));
  end (&f);
  for (guint i = 0; i < fds->len; i++)
    close (g_array_index (fds, int, i));
}

static void
test_long_line (void)
{
  g_autoptr (GString) line = g_string_new ("R: * X ");
  const char *script[] = { "C: A2 NOOP", NULL, "S: \nA2 OK", NULL };
  Fixture f;

  for (guint i = 0; i < 1024 * 1024; i++)
    g_string_append_c (line, 'x');
  script[1] = line->str;
  begin (&f, script);
  g_assert_true (remote.noop (f.session, NULL, &f.error));
  end (&f);
}

static void
test_impossible_literals (void)
{
  const char *const sizes[] = { "S: * X {99999999999999999999}", "S: * X {4294967296}" };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      const char *script[] = { "C: A2 NOOP", sizes[i], "H", NULL };
      Fixture f;

      begin (&f, script);
      g_assert_false (remote.noop (f.session, NULL, &f.error));
      assert_remote_error (f.error, MF_REMOTE_ERROR_PROTOCOL);
      end (&f);
    }
}

static void
test_out_of_order (void)
{
  const char *script[] = { "C: A2 FIRST", "C: A3 SECOND", "S: A3 OK", "S: A2 NO", NULL };
  g_autoptr (GError) refusal = NULL;
  Fixture f;
  guint tag;

  begin (&f, script);
  g_assert_true (mf_session_enter (f.session, NULL, NULL));
  mf_session_queue (f.session, "FIRST");
  mf_session_queue (f.session, "SECOND");
  g_assert_true (mf_session_wait (f.session, &tag, &refusal, NULL));
  g_assert_cmpuint (tag, ==, 3);
  g_assert_no_error (refusal);
  g_assert_true (mf_session_wait (f.session, &tag, &refusal, NULL));
  g_assert_cmpuint (tag, ==, 2);
  assert_remote_error (refusal, MF_REMOTE_ERROR_REFUSED);
  end (&f);
}

static void
test_both_pipes_full (void)
{
  enum
  {
    MEGABYTES = 24
  };
  g_autofree char *block = g_strnfill (1024 * 1024, 'x');
  g_autofree char *line = g_strconcat ("S: * X ", block, NULL);
  g_autofree char *bytes = g_strconcat ("B: ", block, NULL);
  g_autoptr (GPtrArray) script = g_ptr_array_new ();
  Fixture f;

  g_ptr_array_add (script, (char *)"C: A2 TALK");
  for (guint i = 0; i < MEGABYTES; i++)
    g_ptr_array_add (script, line);
  for (guint i = 0; i < MEGABYTES; i++)
    g_ptr_array_add (script, bytes);
  g_ptr_array_add (script, (char *)"B: \r\n");
  g_ptr_array_add (script, (char *)"S: A2 OK");
  g_ptr_array_add (script, NULL);
  begin (&f, (const char *const *)script->pdata);
  g_assert_true (mf_session_enter (f.session, NULL, NULL));
  mf_session_begin (f.session, "TALK\r\n");
  for (guint i = 0; i < MEGABYTES; i++)
    mf_session_put (f.session, block, strlen (block));
  mf_session_end (f.session);
  g_assert_true (mf_session_wait (f.session, NULL, NULL, &f.error));
  end (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/unknown-data-is-passed-over", test_unknown_data);
  g_test_add_func ("/session/odd-lines-are-understood", test_odd_lines);
  g_test_add_func ("/session/bye-ends-it-in-the-servers-words", test_bye);
  g_test_add_func ("/session/a-refusal-does-not-end-it", test_refusals_keep_it_alive);
  g_test_add_func ("/session/end-of-file-is-an-error", test_end_of_file);
  g_test_add_func ("/session/an-answer-to-nothing-ends-it", test_wrong_tag);
  g_test_add_func ("/session/a-silent-server-is-given-up", test_silence);
  g_test_add_func ("/session/cancelling-wakes-it", test_cancel);
  g_test_add_func ("/session/descriptors-beyond-1024", test_many_descriptors);
  g_test_add_func ("/session/a-line-of-a-megabyte", test_long_line);
  g_test_add_func ("/session/impossible-literals-end-it", test_impossible_literals);
  g_test_add_func ("/session/answers-in-any-order", test_out_of_order);
  g_test_add_func ("/session/two-full-pipes-do-not-block-each-other", test_both_pipes_full);
  return g_test_run ();
}
