#include "fs/config.h"

#include "fs/setting.h"

#include <getopt.h>
#include <string.h>

#define CONFIG_FILE "mailfs.conf"
#define DEFAULTS_GROUP "defaults"

/* As long as a screen is high. */
const char mf_config_help[]
    = "Usage: mailfs [OPTION...] ACCOUNT MOUNTPOINT\n"
      "Shows an IMAP account as a tree of Maildirs.  ACCOUNT is one of\n"
      "  imaps://[user@]host[:port]   imap://[user@]host[:port]  (with STARTTLS)\n"
      "  user@example.com             NAME of a group in mailfs/mailfs.conf\n"
      "  -f  stay in the foreground    -d  debug, in the foreground\n"
      "  --help    --version           -o KEY[=VALUE],...:\n"
      "  user=NAME      auth=auto|plain|login|scram|gssapi|xoauth2|oauthbearer\n"
      "  password_command=COMMAND      token_command=COMMAND  prints secret or token\n"
      "  tls=verify|none               allow_cleartext        no TLS beyond loopback\n"
      "  ca_file=FILE                  client_cert=FILE\n"
      "  state_dir=DIR                 cache_dir=DIR          cache_size=SIZE (5G)\n"
      "  prefetch=none|headers|all     connections=N (4)\n"
      "  folders=GLOB,...              exclude=GLOB,...       subscribed\n"
      "  poll=SECONDS (60)             timeout=SECONDS (30)   drain=SECONDS (10)\n"
      "  delete=trash|expunge          delete_guard=N (1000)\n"
      "  eol=lf|crlf                   sync                   ro\n"
      "  and allow_other, auto_unmount, nodev, noexec and more of FUSE's own.\n"
      "Unmount with: fusermount3 -u MOUNTPOINT\n";

typedef struct
{
  char *key, *value; /* value (nullable) */
} Pair;

/* The command line before its meaning is known. */
typedef struct
{
  GArray *pairs; /* of Pair: our settings */
  MfConfig *config;
} Line;

void
mf_config_clear (MfConfig *config)
{
  mf_address_clear (&config->address);
  g_clear_pointer (&config->account, g_free);
  g_clear_pointer (&config->mountpoint, g_free);
  g_clear_pointer (&config->user, g_free);
  g_clear_pointer (&config->ca_file, g_free);
  g_clear_pointer (&config->client_cert, g_free);
  g_clear_pointer (&config->password_command, g_free);
  g_clear_pointer (&config->token_command, g_free);
  g_clear_pointer (&config->state_dir, g_free);
  g_clear_pointer (&config->cache_dir, g_free);
  g_clear_pointer (&config->folders, g_strfreev);
  g_clear_pointer (&config->exclude, g_strfreev);
  g_clear_pointer (&config->fuse_options, g_ptr_array_unref);
}

static void
set_defaults (MfConfig *config)
{
  config->state_dir = g_build_filename (g_get_user_state_dir (), "mailfs", NULL);
  config->cache_dir = g_build_filename (g_get_user_cache_dir (), "mailfs", NULL);
  config->cache_size = (guint64)5 << 30;
  config->connections = 4;
  config->poll_s = 60;
  config->timeout_s = 30;
  config->drain_s = 10;
  config->delete_guard = 1000;
  config->fuse_options = g_ptr_array_new_with_free_func (g_free);
}

static gboolean G_GNUC_PRINTF (2, 3) fail (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, message);
  return FALSE;
}

/* ---- -o --------------------------------------------------------------- */

static void
clear_pair (gpointer data)
{
  Pair *pair = data;

  g_free (pair->key);
  g_free (pair->value);
}

/* FUSE's and the kernel's own, to be handed on. */
static gboolean
is_fuse_option (const char *option)
{
  static const char *const words[] = {
    "allow_other",
    "default_permissions",
    "auto_unmount",
    "rw",
    "ro",
    "suid",
    "nosuid",
    "dev",
    "nodev",
    "exec",
    "noexec",
    "async",
    "dirsync",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "blkdev",
    "clone_fd",
    NULL,
  };
  static const char *const keys[] = { "fsname=",    "subtype=",    "max_read=",   "context=",
                                      "fscontext=", "defcontext=", "rootcontext=" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_has_prefix (option, keys[i]))
      return TRUE;
  return g_strv_contains (words, option);
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
add_pair (Line *line, const char *key, const char *value)
{
  Pair pair = { g_strdup (key), g_strdup (value) };

  for (guint i = 0; i < line->pairs->len && value != NULL && mf_setting_is_list (key); i++)
    {
      Pair *old = &g_array_index (line->pairs, Pair, i);

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
continue_list (Line *line, const char *list_key, const char *option)
{
  if (list_key == NULL || strchr (option, '=') != NULL)
    return FALSE;
  add_pair (line, list_key, option);
  return TRUE;
}

/* @list_key: (inout) the list that the option before belongs to. */
static gboolean
parse_option (Line *line, const char *option, char **list_key, GError **error)
{
  const char *equals = strchr (option, '=');
  g_autofree char *key = equals != NULL ? g_strndup (option, equals - option) : g_strdup (option);
  gboolean ours = mf_setting_exists (key) && !(equals == NULL && g_str_equal (key, "user"));

  if (ours)
    add_pair (line, key, equals != NULL ? equals + 1 : NULL);
  else if (g_str_equal (option, "debug"))
    line->config->debug = TRUE;
  else if (is_fuse_option (option))
    g_ptr_array_add (line->config->fuse_options, g_strdup (option));
  else if (!is_fstab_word (option))
    return continue_list (line, *list_key, option)
           || fail (error, "unknown option -o %s (see --help)", key);

  g_clear_pointer (list_key, g_free);
  if (ours && mf_setting_is_list (key))
    *list_key = g_steal_pointer (&key);
  return TRUE;
}

/* Commas part options; a backslash takes the next character as it is. */
static gboolean
parse_options (Line *line, const char *text, GError **error)
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

/* ---- the command line ------------------------------------------------- */

static const struct option long_options[] = {
  { "help", no_argument, NULL, 'h' },
  { "version", no_argument, NULL, 'V' },
  { NULL },
};

static gboolean
parse_flag (Line *line, int flag, char **argv, GError **error)
{
  switch (flag)
    {
    case 'o':
      return parse_options (line, optarg, error);
    case 'f':
      return line->config->foreground = TRUE;
    case 'd':
      return line->config->debug = TRUE;
    case 'h':
      return line->config->help = TRUE;
    case 'V':
      return line->config->version = TRUE;
    case ':':
      return fail (error, "-o needs KEY=VALUE");
    default:
      return fail (error, "unknown option %s (see --help)", argv[optind - 1]);
    }
}

static gboolean
parse_line (Line *line, int argc, char **argv, GError **error)
{
  int flag;

  optind = 0; /* from the beginning, also when called again */
  opterr = 0;
  while ((flag = getopt_long (argc, argv, ":o:fdhV", long_options, NULL)) != -1)
    if (!parse_flag (line, flag, argv, error))
      return FALSE;
  if (line->config->help || line->config->version)
    return TRUE;
  if (argc - optind != 2)
    return fail (error, "ACCOUNT and MOUNTPOINT are needed (see --help)");
  line->config->foreground |= line->config->debug;
  line->config->account = g_strdup (argv[optind]);
  line->config->mountpoint = g_canonicalize_filename (argv[optind + 1], NULL);
  return TRUE;
}

/* ---- mailfs.conf ------------------------------------------------------ */

static gboolean
apply_group (GKeyFile *file, const char *group, MfConfig *config, char **out_account,
             GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    {
      g_autofree char *value = g_key_file_get_string (file, group, keys[i], error);

      if (value == NULL)
        return FALSE;
      if (g_str_equal (keys[i], "account"))
        {
          g_free (*out_account);
          *out_account = g_steal_pointer (&value);
        }
      else if (!mf_setting_exists (keys[i]))
        return fail (error, "%s: [%s] has an unknown key %s", CONFIG_FILE, group, keys[i]);
      else if (!mf_setting_apply (config, keys[i], value, error))
        {
          g_prefix_error (error, "%s: [%s] ", CONFIG_FILE, group);
          return FALSE;
        }
    }
  return TRUE;
}

/* @out_account: (out) what stands in the group of that name, else the name. */
static gboolean
apply_file (const char *path, MfConfig *config, char **out_account, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) load_error = NULL;
  g_autofree char *address = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &load_error)
      && !g_error_matches (load_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return fail (error, "%s: %s", path, load_error->message);
  if (!apply_group (file, DEFAULTS_GROUP, config, &address, error))
    return FALSE;
  g_clear_pointer (&address, g_free);
  if (!apply_group (file, config->account, config, &address, error))
    return FALSE;

  if (address == NULL && !mf_address_is_address (config->account))
    return g_key_file_has_group (file, config->account)
               ? fail (error, "%s: [%s] has no account=imaps://...", path, config->account)
               : fail (error, "%s is no address, and %s has no group [%s]", config->account, path,
                       config->account);
  *out_account = address != NULL ? g_steal_pointer (&address) : g_strdup (config->account);
  return TRUE;
}

/* ---- all together ----------------------------------------------------- */

static gboolean
apply_pairs (const GArray *pairs, MfConfig *config, GError **error)
{
  for (guint i = 0; i < pairs->len; i++)
    {
      const Pair *pair = &g_array_index (pairs, Pair, i);

      if (!mf_setting_apply (config, pair->key, pair->value, error))
        {
          g_prefix_error (error, "-o ");
          return FALSE;
        }
    }
  return TRUE;
}

/* Only a name that needs no lookup is certain to stay on this host. */
static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return address != NULL ? g_inet_address_get_is_loopback (address)
                         : g_str_equal (host, "localhost");
}

static gboolean
check_cleartext (const MfConfig *config, GError **error)
{
  if (!config->no_tls)
    return TRUE;
  if (config->address.domain != NULL || config->address.tls == MF_TLS_IMPLICIT)
    return fail (error, "tls=none is for imap:// addresses only");
  return config->allow_cleartext || is_loopback (config->address.host)
         || fail (error,
                  "tls=none would send password and mail to %s for all to read; if that "
                  "is meant, give allow_cleartext too",
                  config->address.host);
}

static gboolean
check_user (const char *user, GError **error)
{
  for (const char *p = user; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return fail (error, "the user name of the account has a control character in it");
  return TRUE;
}

/* What no single setting can tell. */
static gboolean
check (MfConfig *config, GError **error)
{
  gboolean wants_token = config->auth == MF_AUTH_XOAUTH2 || config->auth == MF_AUTH_OAUTHBEARER;

  if (wants_token && config->token_command == NULL)
    return fail (error, "auth=%s needs token_command",
                 config->auth == MF_AUTH_XOAUTH2 ? "xoauth2" : "oauthbearer");
  if (!check_cleartext (config, error) || !check_user (config->user, error))
    return FALSE;
  if (config->read_only)
    g_ptr_array_add (config->fuse_options, g_strdup ("ro"));
  return TRUE;
}

static void
choose_user (MfConfig *config)
{
  if (config->address.user != NULL)
    {
      g_free (config->user);
      config->user = g_strdup (config->address.user);
    }
  else if (config->user == NULL)
    config->user = g_strdup (g_get_user_name ());
}

static gboolean
parse_all (Line *line, int argc, char **argv, const char *config_dir, GError **error)
{
  g_autofree char *path = g_build_filename (config_dir, CONFIG_FILE, NULL);
  g_autofree char *account = NULL;
  MfConfig *config = line->config;

  if (!parse_line (line, argc, argv, error))
    return FALSE;
  if (config->help || config->version)
    return TRUE;
  if (!apply_file (path, config, &account, error) || !apply_pairs (line->pairs, config, error))
    return FALSE;
  if (!mf_address_parse (account, &config->address, error))
    {
      g_prefix_error (error, "account address: ");
      return FALSE;
    }
  choose_user (config);
  return check (config, error);
}

gboolean
mf_config_parse (int argc, char **argv, const char *config_dir, MfConfig *out_config,
                 GError **error)
{
  g_auto (MfConfig) config = { 0 };
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
  Line line = { pairs, &config };

  g_array_set_clear_func (pairs, clear_pair);
  set_defaults (&config);
  if (!parse_all (&line, argc, argv, config_dir, error))
    return FALSE;
  *out_config = config;
  config = (MfConfig){ 0 };
  return TRUE;
}
