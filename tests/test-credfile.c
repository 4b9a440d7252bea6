#include "fs/credfile.h"

#include <glib/gstdio.h>

static void
assert_secret (const char *text, const char *expected)
{
  const char *groups[] = { "Work", "u@h", NULL };
  char *password = mf_credfile_parse_secrets (text, groups);

  g_assert_cmpstr (password, ==, expected);
  mf_secret_free (password);
}

static void
assert_netrc (const char *text, const char *expected)
{
  char *password = mf_credfile_parse_netrc (text, "imap.example.com", "alice");

  g_assert_cmpstr (password, ==, expected);
  mf_secret_free (password);
}

static void
test_the_account_s_group_is_looked_up (void)
{
  assert_secret ("[u@h]\npassword=one\n[Work]\npassword=two\n", "two");
  assert_secret ("[x]\npassword=no\n[u@h]\n# note\npassword = one\n", "one");
  assert_secret ("[Work]\nother=1\n[u@h]\npassword=one", "one");
  assert_secret ("password=no\n[Works]\npassword=no\n", NULL);
  assert_secret ("", NULL);
}

static void
test_a_password_is_taken_as_it_is (void)
{
  assert_secret ("[Work]\npassword=a\\s=b [x] # c \n", "a\\s=b [x] # c ");
  assert_secret ("[Work]\r\npassword=\tx\r\n", "x");
}

static void
test_netrc_finds_machine_and_login (void)
{
  assert_netrc ("machine imap.example.com login alice password one", "one");
  assert_netrc ("machine IMAP.example.com\n\tpassword one\n\tlogin alice\n", "one");
  assert_netrc ("machine imap.example.com password one", "one");
  assert_netrc (
      "machine x login alice password no\nmachine imap.example.com login alice password one",
      "one");
  assert_netrc ("machine imap.example.com login bob password no\n"
                "machine imap.example.com login alice password one\n",
                "one");
  assert_netrc ("machine imap.example.com login bob password no\ndefault password any\n", "any");
  assert_netrc ("machine x password no\n", NULL);
  assert_netrc ("", NULL);
}

static void
test_netrc_skips_what_is_not_asked_for (void)
{
  assert_netrc ("# machine imap.example.com password no\n"
                "machine x account y macdef init\nmachine imap.example.com password no\n\n"
                "machine imap.example.com account z password one\n",
                "one");
}

static void
test_netrc_words_may_be_quoted (void)
{
  assert_netrc ("machine imap.example.com login \"alice\" password \"a b\\\"c\"", "a b\"c");
  assert_netrc ("machine imap.example.com password \"open", "open");
  assert_netrc ("machine imap.example.com password", NULL);
}

static void
test_only_a_private_file_is_read (void)
{
  g_autofree char *dir = g_dir_make_tmp ("mailfs-credfile-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "netrc", NULL);
  g_autoptr (GError) error = NULL;
  char *password = NULL;

  g_assert_true (mf_credfile_netrc (path, "h", "u", &password, NULL));
  g_assert_null (password);
  g_assert_true (g_file_set_contents (path, "machine h password p", -1, NULL));
  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  g_assert_false (mf_credfile_netrc (path, "h", "u", &password, &error));
  g_assert_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH);
  g_assert_null (password);
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  g_assert_true (mf_credfile_netrc (path, "h", "u", &password, NULL));
  g_assert_cmpstr (password, ==, "p");
  mf_secret_free (password);
  g_unlink (path);
  g_rmdir (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/credfile/the-account-s-group-is-looked-up",
                   test_the_account_s_group_is_looked_up);
  g_test_add_func ("/credfile/a-password-is-taken-as-it-is", test_a_password_is_taken_as_it_is);
  g_test_add_func ("/credfile/netrc-finds-machine-and-login", test_netrc_finds_machine_and_login);
  g_test_add_func ("/credfile/netrc-skips-what-is-not-asked-for",
                   test_netrc_skips_what_is_not_asked_for);
  g_test_add_func ("/credfile/netrc-words-may-be-quoted", test_netrc_words_may_be_quoted);
  g_test_add_func ("/credfile/only-a-private-file-is-read", test_only_a_private_file_is_read);
  return g_test_run ();
}
