#include "fs/setting.h"

#include <stddef.h>
#include <string.h>

typedef enum
{
  TYPE_TEXT,
  TYPE_PATH, /* made absolute; "~/" is the home directory */
  TYPE_SWITCH,
  TYPE_SIZE,
  TYPE_SECONDS,
  TYPE_COUNT,
  TYPE_CHOICE,
  TYPE_LIST,
} Type;

typedef struct
{
  const char *name;
  guint value;
} Choice;

typedef struct
{
  const char *key;
  Type type;
  gsize offset; /* in MfConfig */
  guint min, max;
  const Choice *choices;
} Setting;

static const Choice tls_choices[] = { { "verify", FALSE }, { "none", TRUE }, { NULL } };
static const Choice delete_choices[] = { { "trash", FALSE }, { "expunge", TRUE }, { NULL } };
static const Choice eol_choices[] = { { "lf", FALSE }, { "crlf", TRUE }, { NULL } };
static const Choice prefetch_choices[] = {
  { "none", MF_PREFETCH_NONE },
  { "headers", MF_PREFETCH_HEADERS },
  { "all", MF_PREFETCH_ALL },
  { NULL },
};
static const Choice auth_choices[] = {
  { "auto", MF_AUTH_AUTO },
  { "plain", MF_AUTH_PLAIN },
  { "login", MF_AUTH_LOGIN },
  { "scram", MF_AUTH_SCRAM },
  { "gssapi", MF_AUTH_GSSAPI },
  { "xoauth2", MF_AUTH_XOAUTH2 },
  { "oauthbearer", MF_AUTH_OAUTHBEARER },
  { NULL },
};

#define AT(field) offsetof (MfConfig, field)

static const Setting settings[] = {
  { "user", TYPE_TEXT, AT (user) },
  { "ca_file", TYPE_PATH, AT (ca_file) },
  { "client_cert", TYPE_PATH, AT (client_cert) },
  { "client_key", TYPE_PATH, AT (client_key) },
  { "tls", TYPE_CHOICE, AT (no_tls), .choices = tls_choices },
  { "allow_cleartext", TYPE_SWITCH, AT (allow_cleartext) },
  { "auth", TYPE_CHOICE, AT (auth), .choices = auth_choices },
  { "password_command", TYPE_TEXT, AT (password_command) },
  { "token_command", TYPE_TEXT, AT (token_command) },
  { "state_dir", TYPE_PATH, AT (state_dir) },
  { "cache_dir", TYPE_PATH, AT (cache_dir) },
  { "cache_size", TYPE_SIZE, AT (cache_size) },
  { "prefetch", TYPE_CHOICE, AT (prefetch), .choices = prefetch_choices },
  { "folders", TYPE_LIST, AT (folders) },
  { "exclude", TYPE_LIST, AT (exclude) },
  { "subscribed", TYPE_SWITCH, AT (subscribed) },
  { "connections", TYPE_COUNT, AT (connections), 1, 32 },
  { "poll", TYPE_SECONDS, AT (poll_s), 1, 86400 },
  { "timeout", TYPE_SECONDS, AT (timeout_s), 1, 3600 },
  { "drain", TYPE_SECONDS, AT (drain_s), 0, 86400 },
  { "delete", TYPE_CHOICE, AT (expunge), .choices = delete_choices },
  { "delete_guard", TYPE_COUNT, AT (delete_guard), 0, G_MAXINT },
  { "eol", TYPE_CHOICE, AT (crlf), .choices = eol_choices },
  { "sync", TYPE_SWITCH, AT (sync) },
  { "ro", TYPE_SWITCH, AT (read_only) },
};

static const Setting *
find (const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (g_str_equal (settings[i].key, key))
      return &settings[i];
  return NULL;
}

gboolean
mf_setting_exists (const char *key)
{
  return find (key) != NULL;
}

gboolean
mf_setting_is_list (const char *key)
{
  const Setting *setting = find (key);

  return setting != NULL && setting->type == TYPE_LIST;
}

gboolean
mf_setting_is_fuse (const char *option)
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

static gboolean
fail (GError **error, const char *key, const char *value, const char *expected)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s=%s: it must be %s", key, value,
               expected);
  return FALSE;
}

static char *
expand_path (const char *value)
{
  if (g_str_has_prefix (value, "~/"))
    return g_build_filename (g_get_home_dir (), value + 2, NULL);
  return g_canonicalize_filename (value, NULL);
}

gboolean
mf_setting_parse_switch (const char *key, const char *value, gboolean *out, GError **error)
{
  static const char *const on[] = { "yes", "true", "on", "1", NULL };
  static const char *const off[] = { "no", "false", "off", "0", NULL };

  if (!g_strv_contains (on, value) && !g_strv_contains (off, value))
    return fail (error, key, value, "yes or no");
  *out = g_strv_contains (on, value);
  return TRUE;
}

/* A number and one letter of @units, each of which multiplies by its factor. */
static gboolean
parse_number (const char *value, const char *units, const guint64 *factors, guint64 *out)
{
  char *end;
  guint64 number = g_ascii_strtoull (value, &end, 10);
  const char *unit;

  if (!g_ascii_isdigit (value[0]))
    return FALSE;
  if (*end != '\0')
    {
      unit = strchr (units, g_ascii_toupper (*end));
      if (unit == NULL || end[1] != '\0')
        return FALSE;
      if (number > G_MAXUINT64 / factors[unit - units])
        return FALSE;
      number *= factors[unit - units];
    }
  *out = number;
  return TRUE;
}

static gboolean
parse_size (const Setting *setting, const char *value, guint64 *out, GError **error)
{
  static const guint64 factors[]
      = { (guint64)1 << 10, (guint64)1 << 20, (guint64)1 << 30, (guint64)1 << 40 };

  return parse_number (value, "KMGT", factors, out)
         || fail (error, setting->key, value, "a number of bytes, or like 500M or 5G");
}

static gboolean
parse_seconds (const Setting *setting, const char *value, guint *out, GError **error)
{
  static const guint64 factors[] = { 1, 60, 3600 };
  guint64 seconds;

  if (!parse_number (value, "SMH", factors, &seconds) || seconds < setting->min
      || seconds > setting->max)
    {
      g_autofree char *expected
          = g_strdup_printf ("a number of seconds from %u to %u", setting->min, setting->max);

      return fail (error, setting->key, value, expected);
    }
  *out = (guint)seconds;
  return TRUE;
}

static gboolean
parse_count (const Setting *setting, const char *value, guint *out, GError **error)
{
  g_autofree char *expected
      = g_strdup_printf ("a number from %u to %u", setting->min, setting->max);
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, setting->min, setting->max, &number, NULL))
    return fail (error, setting->key, value, expected);
  *out = (guint)number;
  return TRUE;
}

static gboolean
parse_choice (const Setting *setting, const char *value, guint *out, GError **error)
{
  g_autoptr (GString) expected = g_string_new (NULL);

  for (const Choice *choice = setting->choices; choice->name != NULL; choice++)
    {
      if (g_str_equal (choice->name, value))
        {
          *out = choice->value;
          return TRUE;
        }
      g_string_append_printf (expected, "%s%s", expected->len > 0 ? " or " : "", choice->name);
    }
  return fail (error, setting->key, value, expected->str);
}

static void
replace_text (char **field, char *text)
{
  g_free (*field);
  *field = text;
}

static void
replace_list (char ***field, const char *value)
{
  g_strfreev (*field);
  *field = g_strsplit_set (value, ",;", -1);
}

gboolean
mf_setting_apply (MfConfig *config, const char *key, const char *value, GError **error)
{
  const Setting *setting = find (key);
  gpointer field = (char *)config + setting->offset;

  if (value == NULL && setting->type == TYPE_SWITCH)
    value = "yes";
  if (value == NULL || value[0] == '\0')
    return fail (error, key, "", "followed by a value");

  switch (setting->type)
    {
    case TYPE_TEXT:
      replace_text (field, g_strdup (value));
      return TRUE;
    case TYPE_PATH:
      replace_text (field, expand_path (value));
      return TRUE;
    case TYPE_LIST:
      replace_list (field, value);
      return TRUE;
    case TYPE_SWITCH:
      return mf_setting_parse_switch (key, value, field, error);
    case TYPE_SIZE:
      return parse_size (setting, value, field, error);
    case TYPE_SECONDS:
      return parse_seconds (setting, value, field, error);
    case TYPE_COUNT:
      return parse_count (setting, value, field, error);
    case TYPE_CHOICE:
      return parse_choice (setting, value, field, error);
    }
  return FALSE;
}
