#include "fs/command.h"

#include <string.h>

static void
assert_secret (const char *command, const char *expected)
{
  g_autoptr (GError) error = NULL;
  char *secret = mf_command_run ("password_command", command, 60, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (secret, ==, expected);
  mf_secret_free (secret);
}

static void
assert_fails (const char *command, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mf_command_run ("password_command", command, 60, NULL, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH);
  g_assert_true (g_str_has_prefix (error->message, "password_command: "));
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

static void
test_the_first_line_is_the_secret (void)
{
  assert_secret ("printf 'one\\ntwo\\n'", "one");
  assert_secret ("printf 'one\\r\\n'", "one");
  assert_secret ("printf ' a b '", " a b ");
}

static void
test_there_is_no_shell (void)
{
  assert_secret ("echo '$HOME; `id`' '*'", "$HOME; `id` *");
}

static void
test_much_output_does_no_harm (void)
{
  assert_secret ("sh -c 'echo one; head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2'",
                 "one");
}

static void
test_a_child_left_behind_is_not_waited_for (void)
{
  gint64 start_us = g_get_monotonic_time ();

  assert_secret ("sh -c 'sleep 30 & echo one'", "one");
  g_assert_cmpint (g_get_monotonic_time () - start_us, <, 10 * G_USEC_PER_SEC);
}

static void
test_failures_are_told_with_the_last_words (void)
{
  assert_fails ("false", "status 1");
  assert_fails ("true", "printed nothing");
  assert_fails ("sh -c 'echo first >&2; echo locked >&2; exit 3'", "status 3: locked");
  assert_fails ("sh -c 'kill -9 $$'", "signal 9");
  assert_fails ("/no/such/program", "/no/such/program");
  assert_fails ("'", "quot");
}

static void
test_output_is_never_in_an_error (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mf_command_run ("p", "sh -c 'echo hunter2; exit 1'", 60, NULL, &error));
  g_assert_null (strstr (error->message, "hunter2"));
}

static void
test_time_is_limited (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mf_command_run ("p", "sleep 30", 1, NULL, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH);
  g_assert_cmpstr (error->message, ==, "p: it took longer than 1 s");
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancelling_ends_it (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);

  g_assert_null (mf_command_run ("p", "sleep 30", 60, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/command/the-first-line-is-the-secret", test_the_first_line_is_the_secret);
  g_test_add_func ("/command/there-is-no-shell", test_there_is_no_shell);
  g_test_add_func ("/command/much-output-does-no-harm", test_much_output_does_no_harm);
  g_test_add_func ("/command/a-child-left-behind-is-not-waited-for",
                   test_a_child_left_behind_is_not_waited_for);
  g_test_add_func ("/command/failures-are-told-with-the-last-words",
                   test_failures_are_told_with_the_last_words);
  g_test_add_func ("/command/output-is-never-in-an-error", test_output_is_never_in_an_error);
  g_test_add_func ("/command/time-is-limited", test_time_is_limited);
  g_test_add_func ("/command/cancelling-ends-it", test_cancelling_ends_it);
  return g_test_run ();
}
