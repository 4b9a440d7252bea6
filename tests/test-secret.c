/* Without a terminal: what a person would be asked is an error here. */
#include "fs/secret.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef struct
{
  char *dir, *secrets, *netrc;
  MfConfig config;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("mailfs-secret-XXXXXX", NULL);
  self->secrets = g_build_filename (self->dir, "secrets", NULL);
  self->netrc = g_build_filename (self->dir, "netrc", NULL);
  g_assert_true (g_setenv ("NETRC", self->netrc, TRUE));
  self->config = (MfConfig){
    .account = g_strdup ("Work"),
    .user = g_strdup ("alice"),
    .address = { .host = g_strdup ("example.com") },
  };
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  mf_config_clear (&self->config);
  g_unlink (self->secrets);
  g_unlink (self->netrc);
  g_rmdir (self->dir);
  g_free (self->secrets);
  g_free (self->netrc);
  g_free (self->dir);
}

static void
write_private (const char *path, const char *text)
{
  g_assert_true (
      g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

static void
assert_gives (MfSecret *secret, const char *refused, const char *expected)
{
  g_autoptr (GError) error = NULL;
  char *password = mf_secret_get (refused, secret, NULL, &error);

  g_assert_cmpstr (password, ==, expected);
  if (expected == NULL)
    g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH);
  mf_secret_free (password);
}

static void
test_sources_are_asked_in_order (Fixture *self, gconstpointer data)
{
  g_autoptr (MfSecret) from_netrc = mf_secret_new (&self->config, self->dir);
  g_autoptr (MfSecret) from_secrets = mf_secret_new (&self->config, self->dir);
  g_autoptr (MfSecret) from_command = mf_secret_new (&self->config, self->dir);

  write_private (self->netrc, "machine example.com login alice password of-netrc");
  assert_gives (from_netrc, NULL, "of-netrc");
  write_private (self->secrets,
                 "[alice@example.com]\npassword=of-login\n[Work]\npassword=of-name\n");
  assert_gives (from_secrets, NULL, "of-name");
  self->config.password_command = g_strdup ("echo of-command");
  assert_gives (from_command, NULL, "of-command");
}

static void
test_a_command_that_fails_is_not_passed_over (Fixture *self, gconstpointer data)
{
  g_autoptr (MfSecret) secret = mf_secret_new (&self->config, self->dir);

  write_private (self->netrc, "machine example.com login alice password of-netrc");
  self->config.password_command = g_strdup ("false");
  assert_gives (secret, NULL, NULL);
}

static void
test_a_password_is_asked_for_once (Fixture *self, gconstpointer data)
{
  g_autoptr (MfSecret) secret = mf_secret_new (&self->config, self->dir);
  g_autofree char *command
      = g_strdup_printf ("sh -c 'echo x >> %s; wc -l < %s'", self->netrc, self->netrc);

  self->config.password_command = g_steal_pointer (&command);
  assert_gives (secret, NULL, "1");
  assert_gives (secret, NULL, "1");
}

static void
test_a_refused_token_is_fetched_again (Fixture *self, gconstpointer data)
{
  g_autoptr (MfSecret) secret = mf_secret_new (&self->config, self->dir);
  g_autofree char *command
      = g_strdup_printf ("sh -c 'echo x >> %s; wc -l < %s'", self->netrc, self->netrc);

  self->config.auth = MF_AUTH_XOAUTH2;
  self->config.token_command = g_steal_pointer (&command);
  assert_gives (secret, NULL, "1");
  assert_gives (secret, "1", "2");
  assert_gives (secret, NULL, "2");
}

/* Two sessions had the same one, and only the first runs the command. */
static void
test_a_token_that_is_fresh_already_serves_all (Fixture *self, gconstpointer data)
{
  g_autoptr (MfSecret) secret = mf_secret_new (&self->config, self->dir);
  g_autofree char *command
      = g_strdup_printf ("sh -c 'echo x >> %s; wc -l < %s'", self->netrc, self->netrc);

  self->config.auth = MF_AUTH_XOAUTH2;
  self->config.token_command = g_steal_pointer (&command);
  assert_gives (secret, NULL, "1");
  assert_gives (secret, "1", "2");
  assert_gives (secret, "1", "2");
}

static void
test_the_same_token_again_is_an_error (Fixture *self, gconstpointer data)
{
  g_autoptr (MfSecret) secret = mf_secret_new (&self->config, self->dir);
  g_autoptr (GError) error = NULL;

  self->config.auth = MF_AUTH_XOAUTH2;
  self->config.token_command = g_strdup ("echo stale");
  assert_gives (secret, NULL, "stale");
  g_assert_null (mf_secret_get ("stale", secret, NULL, &error));
  g_assert_nonnull (strstr (error->message, "token_command gives the same again"));
}

static void
test_a_refused_password_tells_where_it_came_from (Fixture *self, gconstpointer data)
{
  g_autoptr (MfSecret) secret = mf_secret_new (&self->config, self->dir);
  g_autoptr (GError) error = NULL;

  write_private (self->netrc, "machine example.com login alice password wrong");
  assert_gives (secret, NULL, "wrong");
  g_assert_null (mf_secret_get ("wrong", secret, NULL, &error));
  g_assert_nonnull (strstr (error->message, self->netrc));
}

static void
test_a_refused_password_is_an_error_without_a_terminal (Fixture *self, gconstpointer data)
{
  g_autoptr (MfSecret) secret = mf_secret_new (&self->config, self->dir);

  self->config.password_command = g_strdup ("echo wrong");
  assert_gives (secret, NULL, "wrong");
  assert_gives (secret, "wrong", NULL);
}

static void
test_no_source_is_an_error_without_a_terminal (Fixture *self, gconstpointer data)
{
  g_autoptr (MfSecret) secret = mf_secret_new (&self->config, self->dir);

  assert_gives (secret, NULL, NULL);
}

/* That the tests may be run from. */
static void
let_go_of_the_terminal (void)
{
  int fd = g_open ("/dev/tty", O_RDWR | O_CLOEXEC);

  if (fd < 0)
    return;
  signal (SIGHUP, SIG_IGN); /* sent to the leader of the terminal's session */
  ioctl (fd, TIOCNOTTY);
  close (fd);
}

static void
add (const char *path, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  let_go_of_the_terminal ();
  g_test_init (&argc, &argv, NULL);
  add ("/secret/sources-are-asked-in-order", test_sources_are_asked_in_order);
  add ("/secret/a-command-that-fails-is-not-passed-over",
       test_a_command_that_fails_is_not_passed_over);
  add ("/secret/a-password-is-asked-for-once", test_a_password_is_asked_for_once);
  add ("/secret/a-refused-token-is-fetched-again", test_a_refused_token_is_fetched_again);
  add ("/secret/a-token-that-is-fresh-already-serves-all",
       test_a_token_that_is_fresh_already_serves_all);
  add ("/secret/the-same-token-again-is-an-error", test_the_same_token_again_is_an_error);
  add ("/secret/a-refused-password-tells-where-it-came-from",
       test_a_refused_password_tells_where_it_came_from);
  add ("/secret/a-refused-password-is-an-error-without-a-terminal",
       test_a_refused_password_is_an_error_without_a_terminal);
  add ("/secret/no-source-is-an-error-without-a-terminal",
       test_no_source_is_an_error_without_a_terminal);
  return g_test_run ();
}
