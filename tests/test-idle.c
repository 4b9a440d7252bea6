#include "proto/idle.h"

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap
#define SELECT "C: A2 SELECT \"x\"", "S: * 3 EXISTS", "S: A2 OK"

enum
{
  LONG_MS = 60000
};

typedef struct
{
  MfAccount account;
  MfScripted *server;
  MfRemote *session;
  GError *error;
  MfHeard heard;
} Fixture;

static void
begin (Fixture *f, const char *const *script)
{
  MfMailboxStatus status;

  f->error = NULL;
  f->heard = (MfHeard){ 0 };
  f->session = mf_scripted_open ("IDLE", script, &f->account, &f->server);
  g_assert_true (
      remote.select (f->session, "x", FALSE, NULL, NULL, NULL, &status, NULL, NULL, NULL));
}

static void
end (Fixture *f)
{
  g_clear_error (&f->error);
  remote.close (f->session);
  mf_scripted_assert (f->server);
}

static gboolean
idle (Fixture *f, guint wait_ms, GCancellable *wake)
{
  return remote.idle (f->session, wait_ms, wake, &f->heard, NULL, &f->error);
}

static void
test_change (void)
{
  const char *script[] = {
    SELECT,    "C: A3 IDLE", "S: + idling", "S: * OK Still here", "S: * 3 EXISTS", "S: * 4 EXISTS",
    "C: DONE", "S: A3 OK",   NULL
  };
  Fixture f;

  begin (&f, script);
  g_assert_true (idle (&f, LONG_MS, NULL));
  g_assert_true (f.heard.here);
  end (&f);
}

/* The change is in the same segment as the "+", or even before it. */
static void
test_race (void)
{
  const char *const races[]
      = { "R: + idling\r\n* 2 EXPUNGE\r\n", "R: * 4 EXISTS\r\n+ idling\r\n",
          "R: + idling\r\n* 1 FETCH (FLAGS ())\r\n", "R: + idling\r\n* VANISHED 3\r\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (races); i++)
    {
      const char *script[] = { SELECT, "C: A3 IDLE", races[i], "C: DONE", "S: A3 OK", NULL };
      Fixture f;

      begin (&f, script);
      g_assert_true (idle (&f, LONG_MS, NULL));
      g_assert_true (f.heard.here);
      end (&f);
    }
}

/* What was announced between two calls is not lost, and told once. */
static void
test_news_between (void)
{
  const char *script[] = { SELECT,  "C: A3 NOOP", "S: * 4 EXISTS", "S: A3 OK", "C: A4 IDLE",
                           "S: + ", "C: DONE",    "S: * 5 EXISTS", "S: A4 OK", NULL };
  Fixture f;

  begin (&f, script);
  g_assert_true (remote.noop (f.session, NULL, NULL));
  g_assert_true (idle (&f, LONG_MS, NULL));
  g_assert_true (f.heard.here);
  /* The next one came too late to end the waiting, but counts. */
  g_assert_true (idle (&f, 50, NULL));
  g_assert_true (f.heard.here);
  end (&f);
}

static void
test_time_is_over (void)
{
  const char *script[] = { SELECT, "C: A3 IDLE", "S: + ", "C: DONE", "S: A3 OK", NULL };
  Fixture f;

  begin (&f, script);
  g_assert_true (idle (&f, 50, NULL));
  g_assert_false (f.heard.here);
  end (&f);
}

/* Silence is what IDLE is for: the patience for an answer begins with DONE. */
static void
test_long_silence (void)
{
  const char *script[] = { SELECT, "C: A3 IDLE", "S: + ", "C: DONE", "S: A3 OK", NULL };
  Fixture f;

  begin (&f, script);
  f.account.timeout_ms = 300;
  g_assert_true (idle (&f, 5 * f.account.timeout_ms, NULL));
  g_assert_no_error (f.error);
  end (&f);
}

static gpointer
wake_soon (gpointer data)
{
  g_usleep (50000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_wake (void)
{
  const char *script[] = { SELECT, "C: A3 IDLE", "S: + ", "C: DONE", "S: A3 OK", NULL };
  g_autoptr (GCancellable) wake = g_cancellable_new ();
  GThread *thread;
  Fixture f;

  begin (&f, script);
  thread = g_thread_new ("wake", wake_soon, wake);
  g_assert_true (idle (&f, LONG_MS, wake));
  g_assert_false (f.heard.here);
  g_thread_join (thread);
  /* Awake already: not a word to the server. */
  g_assert_true (idle (&f, LONG_MS, wake));
  end (&f);
}

/* Long before the server would hang up; nothing was missed in between. */
static void
test_renewed (void)
{
  const char *script[] = { SELECT,     "C: A3 IDLE", "S: + ",       "C: DONE", "S: A3 OK",
                           "C: A4 IDLE", "S: + ",    "S: * 4 EXISTS", "C: DONE", "S: A4 OK", NULL };
  guint renew_ms = mf_idle_renew_ms;
  Fixture f;

  g_assert_cmpuint (renew_ms, <, 29 * 60 * 1000);
  mf_idle_renew_ms = 50;
  begin (&f, script);
  g_assert_true (idle (&f, LONG_MS, NULL));
  g_assert_true (f.heard.here);
  end (&f);
  mf_idle_renew_ms = renew_ms;
}

static void
test_bye (void)
{
  const char *script[] = { SELECT, "C: A3 IDLE", "S: + ", "S: * BYE Autologout", NULL };
  Fixture f;

  begin (&f, script);
  g_assert_false (idle (&f, LONG_MS, NULL));
  assert_remote_error (f.error, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpstr (f.error->message, ==, "Autologout");
  end (&f);
}

static void
test_refused (void)
{
  const char *script[] = { SELECT, "C: A3 IDLE", "S: A3 NO not now", NULL };
  Fixture f;

  begin (&f, script);
  g_assert_false (idle (&f, LONG_MS, NULL));
  assert_remote_error (f.error, MF_REMOTE_ERROR_REFUSED);
  end (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/idle/a-change-ends-it", test_change);
  g_test_add_func ("/idle/a-change-beside-the-plus-is-seen", test_race);
  g_test_add_func ("/idle/a-change-between-calls-is-seen", test_news_between);
  g_test_add_func ("/idle/time-is-over", test_time_is_over);
  g_test_add_func ("/idle/a-silence-beyond-the-timeout", test_long_silence);
  g_test_add_func ("/idle/woken", test_wake);
  g_test_add_func ("/idle/renewed-in-time", test_renewed);
  g_test_add_func ("/idle/bye", test_bye);
  g_test_add_func ("/idle/refused", test_refused);
  return g_test_run ();
}
