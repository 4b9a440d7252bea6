#include "fs/config.h"

#include "fs/ask.h"
#include "fs/setting.h"
#include "fs/usage.h"

#include <gio/gio.h>
#include <string.h>

#define CONFIG_FILE "mailfs.conf"
#define DEFAULTS_GROUP "defaults"

void
mf_config_clear (MfConfig *config)
{
  mf_address_clear (&config->address);
  g_clear_pointer (&config->account, g_free);
  g_clear_pointer (&config->mountpoint, g_free);
  g_clear_pointer (&config->user, g_free);
  g_clear_pointer (&config->ca_file, g_free);
  g_clear_pointer (&config->client_cert, g_free);
  g_clear_pointer (&config->client_key, g_free);
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

/* ---- mailfs.conf ------------------------------------------------------ */

/* A switch of FUSE's own is written allow_other=yes in the file. */
static gboolean
apply_fuse_option (MfConfig *config, const char *key, const char *value, GError **error)
{
  g_autofree char *option = g_strconcat (key, "=", value, NULL);
  gboolean on = FALSE;

  if (mf_setting_is_fuse (option))
    on = TRUE;
  else if (!mf_setting_parse_switch (key, value, &on, error))
    return FALSE;
  else
    option[strlen (key)] = '\0';
  if (on)
    g_ptr_array_add (config->fuse_options, g_steal_pointer (&option));
  return TRUE;
}

static gboolean
apply_key (const char *key, const char *value, MfConfig *config, GError **error)
{
  g_autofree char *with_value = g_strconcat (key, "=", NULL);

  if (mf_setting_exists (key))
    return mf_setting_apply (config, key, value, error);
  if (mf_setting_is_fuse (key) || mf_setting_is_fuse (with_value))
    return apply_fuse_option (config, key, value, error);
  if (g_str_equal (key, "password"))
    return mf_usage_fail (error,
                          "must not hold a password: give password_command, or write it to the "
                          "file secrets beside this one");
  return mf_usage_fail (error, "has an unknown key %s", key);
}

static gboolean
apply_group (GKeyFile *file, const char *group, MfConfig *config, char **out_account,
             GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    {
      g_autofree char *value = g_key_file_get_string (file, group, keys[i], error);

      if (value != NULL && g_str_equal (keys[i], "account"))
        {
          g_free (*out_account);
          *out_account = g_steal_pointer (&value);
        }
      else if (value == NULL || !apply_key (keys[i], value, config, error))
        {
          g_prefix_error (error, "%s: [%s] ", CONFIG_FILE, group);
          return FALSE;
        }
    }
  return TRUE;
}

/* A file that does not exist is an empty one. */
static GKeyFile *
load (const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) cause = NULL;
  g_auto (GStrv) groups = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &cause)
      && !g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      mf_usage_fail (error, "%s: %s", path, cause->message);
      return NULL;
    }
  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    if (mf_ask_is_command (groups[i]))
      {
        mf_usage_fail (error, "%s: no account can be called [%s], which is a command", path,
                       groups[i]);
        return NULL;
      }
  return g_steal_pointer (&file);
}

/* @out_account: (out) what stands in the group of that name, else the name. */
static gboolean
apply_file (const char *path, MfConfig *config, char **out_account, GError **error)
{
  g_autoptr (GKeyFile) file = load (path, error);
  g_autofree char *address = NULL;

  if (file == NULL || !apply_group (file, DEFAULTS_GROUP, config, &address, error))
    return FALSE;
  g_clear_pointer (&address, g_free);
  if (!apply_group (file, config->account, config, &address, error))
    return FALSE;

  if (address == NULL && !mf_address_is_address (config->account))
    return g_key_file_has_group (file, config->account)
               ? mf_usage_fail (error, "%s: [%s] has no account=imaps://...", path, config->account)
               : mf_usage_fail (error, "%s is no address, and %s has no group [%s]",
                                config->account, path, config->account);
  *out_account = address != NULL ? g_steal_pointer (&address) : g_strdup (config->account);
  return TRUE;
}

char **
mf_config_accounts (const char *config_dir, GError **error)
{
  g_autofree char *path = g_build_filename (config_dir, CONFIG_FILE, NULL);
  g_autoptr (GKeyFile) file = load (path, error);
  g_auto (GStrv) groups = file != NULL ? g_key_file_get_groups (file, NULL) : NULL;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  guint n = 0;

  for (guint i = 0; groups != NULL && groups[i] != NULL; i++)
    if (!g_str_equal (groups[i], DEFAULTS_GROUP))
      {
        g_strv_builder_add (names, groups[i]);
        n++;
      }
  if (file != NULL && n == 0)
    mf_usage_fail (error, "%s has no account: a group [NAME] with account=imaps://... makes one",
                   path);
  return n > 0 ? g_strv_builder_end (names) : NULL;
}

/* ---- all together ----------------------------------------------------- */

static gboolean
apply_pairs (const GArray *pairs, MfConfig *config, GError **error)
{
  for (guint i = 0; i < pairs->len; i++)
    {
      const MfPair *pair = &g_array_index (pairs, MfPair, i);

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
    return mf_usage_fail (error, "tls=none is for imap:// addresses only");
  return config->allow_cleartext || is_loopback (config->address.host)
         || mf_usage_fail (error,
                           "tls=none would send password and mail to %s for all to read; if that "
                           "is meant, give allow_cleartext too",
                           config->address.host);
}

static gboolean
check_user (const char *user, GError **error)
{
  for (const char *p = user; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return mf_usage_fail (error, "the user name of the account has a control character in it");
  return TRUE;
}

/* What no single setting can tell. */
static gboolean
check (MfConfig *config, GError **error)
{
  gboolean wants_token = config->auth == MF_AUTH_XOAUTH2 || config->auth == MF_AUTH_OAUTHBEARER;

  if (wants_token && config->token_command == NULL)
    return mf_usage_fail (error, "auth=%s needs token_command",
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
fill (MfConfig *config, const MfLine *line, const char *config_dir, GError **error)
{
  g_autofree char *path = g_build_filename (config_dir, CONFIG_FILE, NULL);
  g_autofree char *account = NULL;

  if (!apply_file (path, config, &account, error) || !apply_pairs (line->pairs, config, error))
    return FALSE;
  for (guint i = 0; i < line->fuse_options->len; i++)
    g_ptr_array_add (config->fuse_options, g_strdup (g_ptr_array_index (line->fuse_options, i)));
  if (!mf_address_parse (account, &config->address, error))
    {
      g_prefix_error (error, "account %s: ", config->account);
      return FALSE;
    }
  choose_user (config);
  return check (config, error);
}

gboolean
mf_config_make (const MfLine *line, const char *account, const char *mountpoint,
                const char *config_dir, MfConfig *out_config, GError **error)
{
  g_auto (MfConfig) config = {
    .account = g_strdup (account),
    .mountpoint = g_canonicalize_filename (mountpoint, NULL),
    .foreground = line->foreground,
    .debug = line->debug,
  };

  set_defaults (&config);
  if (!fill (&config, line, config_dir, error))
    return FALSE;
  *out_config = config;
  config = (MfConfig){ 0 };
  return TRUE;
}
