#include "fs/line.h"

#include <string.h>

static gboolean
parse (const char *text, MfLine *out_line, GError **error)
{
  g_autofree char *command = g_strconcat ("mailfs ", text, NULL);
  g_auto (GStrv) argv = NULL;
  /* getopt reorders the words, and may not move what is to be freed. */
  g_autofree char **words = NULL;
  int argc;

  g_assert_true (g_shell_parse_argv (command, &argc, &argv, NULL));
  words = g_memdup2 (argv, (argc + 1) * sizeof *argv);
  return mf_line_parse (argc, words, out_line, error);
}

static void
assert_parses (const char *text, MfLine *out_line)
{
  g_autoptr (GError) error = NULL;

  parse (text, out_line, &error);
  g_assert_no_error (error);
}

static void
assert_fails (const char *text, const char *words)
{
  g_auto (MfLine) line = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (parse (text, &line, &error));
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

static void
test_help_and_version_need_nothing_else (void)
{
  g_auto (MfLine) help = { 0 }, version = { 0 };

  assert_parses ("--help", &help);
  assert_parses ("--version", &version);
  g_assert_true (help.help && version.version);
}

static void
test_help_fits_a_screen (void)
{
  guint n_lines = 0;

  for (const char *line = mf_line_help; *line != '\0'; line = strchr (line, '\n') + 1)
    {
      g_assert_cmpuint (strcspn (line, "\n"), <=, 80);
      n_lines++;
    }
  g_assert_cmpuint (n_lines, <=, 24);
}

static void
test_all_takes_the_place_of_an_account (void)
{
  g_auto (MfLine) line = { 0 };

  assert_parses ("-o ro,poll=5 --all /mnt -f", &line);
  g_assert_true (line.all && line.foreground);
  g_assert_cmpstr (line.words[0], ==, "/mnt");
  g_assert_cmpuint (line.pairs->len, ==, 2);
  assert_fails ("--all", "MOUNTPOINT");
  assert_fails ("--all Work /mnt", "no ACCOUNT");
}

static void
test_a_command_is_the_first_word (void)
{
  g_auto (MfLine) bare = { 0 }, at_mount = { 0 }, account = { 0 };

  assert_parses ("status", &bare);
  g_assert_cmpuint (g_strv_length (bare.words), ==, 1);
  assert_parses ("sync /mnt", &at_mount);
  g_assert_cmpstr (at_mount.words[1], ==, "/mnt");
  assert_parses ("Work status", &account);
  g_assert_cmpstr (account.words[0], ==, "Work");
  assert_fails ("queue a b", "queue");
  assert_fails ("unmount", "MOUNTPOINT");
  assert_fails ("-o ro status /mnt", "no options");
  assert_fails ("-f status", "no options");
}

/* What mount(8) and systemd leave in an fstab line is for others. */
static void
test_words_of_fstab_are_passed_over (void)
{
  g_auto (MfLine) line = { 0 };

  assert_parses ("A /m -o rw,nosuid,nodev,noauto,user,_netdev,nofail,x-systemd.automount,"
                 "x-systemd.idle-timeout=60,X-mount.mkdir,comment=mine,users,defaults",
                 &line);
  g_assert_cmpuint (line.fuse_options->len, ==, 3);
  g_assert_cmpuint (line.pairs->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/line/help-and-version-need-nothing-else",
                   test_help_and_version_need_nothing_else);
  g_test_add_func ("/line/help-fits-a-screen", test_help_fits_a_screen);
  g_test_add_func ("/line/all-takes-the-place-of-an-account",
                   test_all_takes_the_place_of_an_account);
  g_test_add_func ("/line/a-command-is-the-first-word", test_a_command_is_the_first_word);
  g_test_add_func ("/line/words-of-fstab-are-passed-over", test_words_of_fstab_are_passed_over);
  return g_test_run ();
}
