#include "fs/line.h"

#include "fs/ask.h"
#include "fs/setting.h"
#include "fs/usage.h"

#include <getopt.h>
#include <string.h>

const char mf_line_help[]
    = "Usage: mailfs [OPTION...] ACCOUNT MOUNTPOINT\n"
      "       mailfs [OPTION...] --all MOUNTPOINT        all accounts of mailfs.conf\n"
      "       mailfs status|queue|sync [MOUNTPOINT]      how things stand; send it all\n"
      "       mailfs unmount MOUNTPOINT\n"
      "ACCOUNT: imaps://[user@]host[:port], imap://[user@]host[:port] with STARTTLS,\n"
      "user@example.com, or the NAME of a group in ~/.config/mailfs/mailfs.conf.\n"
      "  -f foreground   -d debug   --help   --version   -o KEY[=VALUE],...:\n"
      "  user=NAME      auth=auto|plain|login|scram|gssapi|xoauth2|oauthbearer\n"
      "  password_command=COMMAND      token_command=COMMAND  prints secret or token\n"
      "  tls=verify|none               allow_cleartext        no TLS beyond loopback\n"
      "  ca_file=FILE                  client_cert=FILE       client_key=FILE\n"
      "  state_dir=DIR                 cache_dir=DIR          cache_size=SIZE (5G)\n"
      "  prefetch=none|headers|all     connections=N (4)\n"
      "  folders=GLOB,...              exclude=GLOB,...       subscribed\n"
      "  poll=SECONDS (60)             timeout=SECONDS (30)   drain=SECONDS (10)\n"
      "  delete=trash|expunge          delete_guard=N (1000)\n"
      "  eol=lf|crlf                   sync                   ro\n"
      "  and allow_other, auto_unmount, nodev, noexec and more of FUSE's own.\n"
      "Unmount with fusermount3 -u MOUNTPOINT, or mailfs unmount, which waits for the\n"
      "end.  status, queue and sync exit with 0: all is on the server, 1: changes are\n"
      "pending, 2: offline, 3: some failed or are held, 4: there is no mount.\n"
      "See mailfs(1) and mailfs.conf(5).\n";

void
mf_line_clear (MfLine *line)
{
  g_clear_pointer (&line->words, g_strfreev);
  g_clear_pointer (&line->pairs, g_array_unref);
  g_clear_pointer (&line->fuse_options, g_ptr_array_unref);
}

/* ---- -o --------------------------------------------------------------- */

static void
clear_pair (gpointer data)
{
  MfPair *pair = data;

  g_free (pair->key);
  g_free (pair->value);
}

/* Words of fstab(5) that are for others; mount(8) may leave them in. */
static gboolean
is_fstab_word (const char *option)
{
  static const char *const words[] = { "defaults", "auto",    "noauto", "user",  "nouser", "users",
                                       "nofail",   "_netdev", "owner",  "group", NULL };

  return g_strv_contains (words, option) || g_str_has_prefix (option, "x-")
         || g_str_has_prefix (option, "X-") || g_str_has_prefix (option, "comment=");
}

/* Given again, a list grows and anything else is replaced. */
static void
add_pair (MfLine *line, const char *key, const char *value)
{
  MfPair pair = { g_strdup (key), g_strdup (value) };

  for (guint i = 0; i < line->pairs->len && value != NULL && mf_setting_is_list (key); i++)
    {
      MfPair *old = &g_array_index (line->pairs, MfPair, i);

      if (g_str_equal (old->key, key) && old->value != NULL)
        {
          g_autofree char *head = old->value;

          old->value = g_strconcat (head, ",", value, NULL);
          clear_pair (&pair);
          return;
        }
    }
  g_array_append_val (line->pairs, pair);
}

/* "folders=A,B" comes as two options: B is none, so it belongs to the list. */
static gboolean
continue_list (MfLine *line, const char *list_key, const char *option)
{
  if (list_key == NULL || strchr (option, '=') != NULL)
    return FALSE;
  add_pair (line, list_key, option);
  return TRUE;
}

/* @list_key: (inout) the list that the option before belongs to. */
static gboolean
parse_option (MfLine *line, const char *option, char **list_key, GError **error)
{
  const char *equals = strchr (option, '=');
  g_autofree char *key = equals != NULL ? g_strndup (option, equals - option) : g_strdup (option);
  gboolean ours = mf_setting_exists (key) && !(equals == NULL && g_str_equal (key, "user"));

  if (ours)
    add_pair (line, key, equals != NULL ? equals + 1 : NULL);
  else if (g_str_equal (option, "debug"))
    line->debug = TRUE;
  else if (mf_setting_is_fuse (option))
    g_ptr_array_add (line->fuse_options, g_strdup (option));
  else if (!is_fstab_word (option))
    return continue_list (line, *list_key, option)
           || mf_usage_fail (error, "unknown option -o %s (see --help)", key);

  g_clear_pointer (list_key, g_free);
  if (ours && mf_setting_is_list (key))
    *list_key = g_steal_pointer (&key);
  return TRUE;
}

/* Commas part options; a backslash takes the next character as it is. */
static gboolean
parse_options (MfLine *line, const char *text, GError **error)
{
  g_autoptr (GString) option = g_string_new (NULL);
  g_autofree char *list_key = NULL;

  for (const char *p = text;; p++)
    {
      if (*p != ',' && *p != '\0')
        {
          if (*p == '\\' && p[1] != '\0')
            p++;
          g_string_append_c (option, *p);
          continue;
        }
      if (option->len > 0 && !parse_option (line, option->str, &list_key, error))
        return FALSE;
      g_string_truncate (option, 0);
      if (*p == '\0')
        return TRUE;
    }
}

/* ---- words and flags --------------------------------------------------- */

static const struct option long_options[] = {
  { "all", no_argument, NULL, 'a' },
  { "help", no_argument, NULL, 'h' },
  { "version", no_argument, NULL, 'V' },
  { NULL },
};

static gboolean
parse_flag (MfLine *line, int flag, char **argv, GError **error)
{
  switch (flag)
    {
    case 'o':
      return parse_options (line, optarg, error);
    case 'a':
      return line->all = TRUE;
    case 'f':
      return line->foreground = TRUE;
    case 'd':
      return line->foreground = line->debug = TRUE;
    case 'h':
      return line->help = TRUE;
    case 'V':
      return line->version = TRUE;
    case ':':
      return mf_usage_fail (error, "-o needs KEY=VALUE");
    default:
      return mf_usage_fail (error, "unknown option %s (see --help)", argv[optind - 1]);
    }
}

/* A command is known by the first word; no account may be called so. */
static gboolean
check_words (const MfLine *line, GError **error)
{
  guint n = g_strv_length (line->words);
  gboolean is_command = n > 0 && mf_ask_is_command (line->words[0]);

  if (line->all)
    return n == 1
           || mf_usage_fail (error, "--all needs one MOUNTPOINT and no ACCOUNT (see --help)");
  if (!is_command)
    return n == 2 || mf_usage_fail (error, "ACCOUNT and MOUNTPOINT are needed (see --help)");
  if (line->foreground || line->pairs->len > 0 || line->fuse_options->len > 0)
    return mf_usage_fail (error, "%s takes no options (see --help)", line->words[0]);
  return mf_ask_check (line->words[0], n - 1, error);
}

static gboolean
parse (MfLine *line, int argc, char **argv, GError **error)
{
  int flag;

  optind = 0; /* from the beginning, also when called again */
  opterr = 0;
  while ((flag = getopt_long (argc, argv, ":o:fdhV", long_options, NULL)) != -1)
    if (!parse_flag (line, flag, argv, error))
      return FALSE;
  line->words = g_strdupv (argv + optind);
  return line->help || line->version || check_words (line, error);
}

gboolean
mf_line_parse (int argc, char **argv, MfLine *out_line, GError **error)
{
  g_auto (MfLine) line = {
    .pairs = g_array_new (FALSE, FALSE, sizeof (MfPair)),
    .fuse_options = g_ptr_array_new_with_free_func (g_free),
  };

  g_array_set_clear_func (line.pairs, clear_pair);
  if (!parse (&line, argc, argv, error))
    return FALSE;
  *out_line = line;
  line = (MfLine){ 0 };
  return TRUE;
}
