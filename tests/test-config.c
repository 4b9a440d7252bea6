#include "fs/config.h"

#include <glib/gstdio.h>
#include <string.h>

static char *config_dir;

static gboolean
parse (const char *text, MfConfig *out_config, GError **error)
{
  g_autofree char *command = g_strconcat ("mailfs ", text, NULL);
  g_auto (GStrv) argv = NULL;
  /* getopt reorders the words, and may not move what is to be freed. */
  g_autofree char **words = NULL;
  g_auto (MfLine) line = { 0 };
  int argc;

  g_assert_true (g_shell_parse_argv (command, &argc, &argv, NULL));
  words = g_memdup2 (argv, (argc + 1) * sizeof *argv);
  return mf_line_parse (argc, words, &line, error)
         && mf_config_make (&line, line.words[0], line.words[1], config_dir, out_config, error);
}

static void
assert_parses (const char *line, MfConfig *out_config)
{
  g_autoptr (GError) error = NULL;

  parse (line, out_config, &error);
  g_assert_no_error (error);
}

static void
assert_fails (const char *line, const char *words)
{
  g_auto (MfConfig) config = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (parse (line, &config, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

static void
write_file (const char *text)
{
  g_autofree char *path = g_build_filename (config_dir, "mailfs.conf", NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
test_defaults_are_the_contracts (void)
{
  g_auto (MfConfig) config = { 0 };

  assert_parses ("imaps://u@h /mnt", &config);
  g_assert_cmpuint (config.cache_size, ==, G_GUINT64_CONSTANT (5368709120));
  g_assert_cmpuint (config.connections, ==, 4);
  g_assert_cmpuint (config.poll_s, ==, 60);
  g_assert_cmpuint (config.timeout_s, ==, 30);
  g_assert_cmpuint (config.drain_s, ==, 10);
  g_assert_cmpuint (config.delete_guard, ==, 1000);
  g_assert_cmpint (config.prefetch, ==, MF_PREFETCH_NONE);
  g_assert_cmpint (config.auth, ==, MF_AUTH_AUTO);
  g_assert_false (config.read_only || config.expunge || config.crlf || config.sync
                  || config.foreground || config.no_tls);
  g_assert_cmpuint (config.fuse_options->len, ==, 0);
}

static void
test_options_may_stand_behind (void)
{
  g_auto (MfConfig) config = { 0 };

  assert_parses ("imaps://u@h /mnt -o rw,nodev,poll=5,noauto,x-systemd.automount,_netdev", &config);
  g_assert_cmpuint (config.poll_s, ==, 5);
  g_assert_cmpuint (config.fuse_options->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (config.fuse_options, 0), ==, "rw");
  g_assert_cmpstr (g_ptr_array_index (config.fuse_options, 1), ==, "nodev");
  g_assert_cmpstr (config.mountpoint, ==, "/mnt");
}

static void
test_values_are_understood (void)
{
  g_auto (MfConfig) config = { 0 };

  assert_parses (
      "-o cache_size=500M,timeout=2m,auth=scram,delete=expunge,eol=crlf,subscribed,sync,ro"
      " -o prefetch=all,connections=8,delete_guard=0,drain=0 -f imap://u@h /mnt",
      &config);
  g_assert_cmpuint (config.cache_size, ==, 500 << 20);
  g_assert_cmpuint (config.timeout_s, ==, 120);
  g_assert_cmpint (config.auth, ==, MF_AUTH_SCRAM);
  g_assert_cmpint (config.prefetch, ==, MF_PREFETCH_ALL);
  g_assert_cmpuint (config.connections, ==, 8);
  g_assert_cmpuint (config.delete_guard + config.drain_s, ==, 0);
  g_assert_true (config.expunge && config.crlf && config.subscribed && config.sync
                 && config.read_only && config.foreground);
  g_assert_cmpstr (g_ptr_array_index (config.fuse_options, 0), ==, "ro");
}

static void
test_lists_take_several (void)
{
  g_auto (MfConfig) config = { 0 };

  assert_parses ("-o 'folders=INBOX,Lists/*,ro,exclude=a\\,b' -o folders=Archive imap://u@h /mnt",
                 &config);
  g_assert_cmpuint (g_strv_length (config.folders), ==, 3);
  g_assert_cmpstr (config.folders[0], ==, "INBOX");
  g_assert_cmpstr (config.folders[1], ==, "Lists/*");
  g_assert_cmpstr (config.folders[2], ==, "Archive");
  g_assert_cmpuint (g_strv_length (config.exclude), ==, 2);
  g_assert_true (config.read_only);
}

static void
test_mistakes_are_named (void)
{
  const char *lines[][2] = {
    { "", "MOUNTPOINT" },
    { "imaps://u@h", "MOUNTPOINT" },
    { "a b c", "MOUNTPOINT" },
    { "-o wat imaps://u@h /m", "-o wat" },
    { "-o wat=1 imaps://u@h /m", "-o wat" },
    { "-z imaps://u@h /m", "-z" },
    { "--wat imaps://u@h /m", "--wat" },
    { "imaps://u@h /m -o", "-o" },
    { "-o poll=0 imaps://u@h /m", "poll=0" },
    { "-o poll=soon imaps://u@h /m", "poll=soon" },
    { "-o cache_size=5X imaps://u@h /m", "cache_size=5X" },
    { "-o cache_size=99999999999T imaps://u@h /m", "cache_size" },
    { "-o connections=0 imaps://u@h /m", "connections" },
    { "-o auth=magic imaps://u@h /m", "xoauth2" },
    { "-o auth=xoauth2 imaps://u@h /m", "token_command" },
    { "-o ca_file imaps://u@h /m", "ca_file" },
    { "-o sync=maybe imaps://u@h /m", "sync" },
    { "-o tls=none imaps://u@127.0.0.1 /m", "imap://" },
    { "-o tls=none imap://u@example.com /m", "allow_cleartext" },
    { "imaps://u%0Av@h /m", "user" },
    { "Nowhere /m", "[Nowhere]" },
  };

  write_file ("");
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    assert_fails (lines[i][0], lines[i][1]);
}

static void
test_clear_text_is_for_loopback (void)
{
  const char *lines[] = { "-o tls=none imap://u@127.0.0.1 /m", "-o tls=none imap://u@[::1] /m",
                          "-o tls=none imap://u@localhost /m",
                          "-o tls=none,allow_cleartext imap://u@example.com /m" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_auto (MfConfig) config = { 0 };

      assert_parses (lines[i], &config);
      g_assert_true (config.no_tls);
    }
}

static void
test_a_name_is_a_group_of_the_file (void)
{
  g_auto (MfConfig) config = { 0 };

  write_file ("[defaults]\npoll=7\nconnections=2\n"
              "[Work]\naccount=imap://h:1143\nuser=w\nconnections=3\nfolders=A,B\n");
  assert_parses ("-o timeout=9,connections=5 Work /mnt", &config);
  g_assert_cmpstr (config.account, ==, "Work");
  g_assert_cmpstr (config.address.host, ==, "h");
  g_assert_cmpuint (config.address.port, ==, 1143);
  g_assert_cmpstr (config.user, ==, "w");
  g_assert_cmpuint (config.poll_s, ==, 7);
  g_assert_cmpuint (config.connections, ==, 5);
  g_assert_cmpuint (config.timeout_s, ==, 9);
  g_assert_cmpuint (g_strv_length (config.folders), ==, 2);
}

static void
test_mistakes_in_the_file_are_named (void)
{
  write_file ("[A]\naccount=imaps://h\nwat=1\n[B]\nuser=x\n[C]\naccount=imaps://h\npoll=x\n");
  assert_fails ("A /m", "[A] has an unknown key wat");
  assert_fails ("B /m", "[B] has no account");
  assert_fails ("C /m", "[C] poll=x");
  write_file ("[A]\naccount=imaps://h\npassword=x\n");
  assert_fails ("A /m", "password_command");
  write_file ("[A]\naccount=imaps://h\n[sync]\naccount=imaps://h\n");
  assert_fails ("A /m", "[sync]");
  write_file ("what is this\n");
  assert_fails ("imaps://u@h /m", "mailfs.conf");
  write_file ("");
}

static void
test_the_user_is_the_one_logged_in (void)
{
  g_auto (MfConfig) config = { 0 }, with_option = { 0 };

  assert_parses ("imaps://h /m", &config);
  g_assert_cmpstr (config.user, ==, g_get_user_name ());
  assert_parses ("-o user=v imaps://h /m", &with_option);
  g_assert_cmpstr (with_option.user, ==, "v");
}

static void
test_fuses_own_options_may_stand_in_the_file (void)
{
  g_auto (MfConfig) config = { 0 };

  write_file ("[defaults]\nallow_other=yes\nnodev=no\n[A]\naccount=imaps://h\nmax_read=4096\n");
  assert_parses ("-o noexec A /mnt", &config);
  g_assert_cmpuint (config.fuse_options->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (config.fuse_options, 0), ==, "allow_other");
  g_assert_cmpstr (g_ptr_array_index (config.fuse_options, 1), ==, "max_read=4096");
  g_assert_cmpstr (g_ptr_array_index (config.fuse_options, 2), ==, "noexec");
  write_file ("[A]\naccount=imaps://h\nallow_other=perhaps\n");
  assert_fails ("A /mnt", "[A] allow_other=perhaps");
}

static void
test_all_accounts_are_the_groups_in_their_order (void)
{
  g_auto (GStrv) accounts = NULL;
  g_autoptr (GError) error = NULL;

  write_file ("[Work]\naccount=imaps://h\n[defaults]\npoll=7\n[me@example.com]\n");
  accounts = mf_config_accounts (config_dir, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (accounts), ==, 2);
  g_assert_cmpstr (accounts[0], ==, "Work");
  g_assert_cmpstr (accounts[1], ==, "me@example.com");
  write_file ("[defaults]\npoll=7\n");
  g_assert_null (mf_config_accounts (config_dir, &error));
  g_assert_nonnull (strstr (error->message, "has no account"));
  write_file ("");
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  config_dir = g_dir_make_tmp ("mailfs-config-XXXXXX", NULL);
  write_file ("");
  g_test_add_func ("/config/defaults-are-the-contracts", test_defaults_are_the_contracts);
  g_test_add_func ("/config/options-may-stand-behind", test_options_may_stand_behind);
  g_test_add_func ("/config/values-are-understood", test_values_are_understood);
  g_test_add_func ("/config/lists-take-several", test_lists_take_several);
  g_test_add_func ("/config/mistakes-are-named", test_mistakes_are_named);
  g_test_add_func ("/config/clear-text-is-for-loopback", test_clear_text_is_for_loopback);
  g_test_add_func ("/config/a-name-is-a-group-of-the-file", test_a_name_is_a_group_of_the_file);
  g_test_add_func ("/config/mistakes-in-the-file-are-named", test_mistakes_in_the_file_are_named);
  g_test_add_func ("/config/the-user-is-the-one-logged-in", test_the_user_is_the_one_logged_in);
  g_test_add_func ("/config/fuses-own-options-may-stand-in-the-file",
                   test_fuses_own_options_may_stand_in_the_file);
  g_test_add_func ("/config/all-accounts-are-the-groups-in-their-order",
                   test_all_accounts_are_the_groups_in_their_order);
  status = g_test_run ();
  path = g_build_filename (config_dir, "mailfs.conf", NULL);
  g_unlink (path);
  g_rmdir (config_dir);
  g_free (config_dir);
  return status;
}
