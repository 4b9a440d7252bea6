#include "fs/name.h"

#include <string.h>

#define HASH_DIGITS 8
#define CUT_BYTES (MF_NAME_MAX - 2 - HASH_DIGITS)

/* In ASCII order, as the flags must stand in a name. */
static const struct
{
  char letter;
  MfFlags flag;
} letters[] = {
  { 'D', MF_FLAG_DRAFT },    { 'F', MF_FLAG_FLAGGED }, { 'P', MF_FLAG_FORWARDED },
  { 'R', MF_FLAG_ANSWERED }, { 'S', MF_FLAG_SEEN },    { 'T', MF_FLAG_DELETED },
};

void
mf_name_clear (MfName *name)
{
  g_clear_pointer (&name->base, g_free);
}

static MfFlags
parse_flags (const char *text)
{
  MfFlags flags = 0;

  for (; *text != '\0'; text++)
    for (guint i = 0; i < G_N_ELEMENTS (letters); i++)
      if (letters[i].letter == *text)
        flags |= letters[i].flag;
  return flags;
}

gboolean
mf_name_parse (const char *file_name, MfName *out_name)
{
  const char *info = g_strrstr (file_name, ":2,");

  if (file_name[0] == '.' || file_name[0] == '\0' || info == file_name)
    return FALSE;
  out_name->has_info = info != NULL;
  out_name->flags = info != NULL ? parse_flags (info + strlen (":2,")) : 0;
  out_name->base = info != NULL ? g_strndup (file_name, info - file_name) : g_strdup (file_name);
  return TRUE;
}

gboolean
mf_name_parse_base (const char *base, MfGenerated *out_generated)
{
  gsize digits = strspn (base, "0123456789");
  const char *uid = base + digits + 1;
  guint64 date, number;

  if (digits < 10 || digits > 18 || (digits > 10 && base[0] == '0') || base[digits] != '.')
    return FALSE;
  if (strspn (uid, "0123456789abcdef") != 8 || uid[8] != '.' || uid[9] == '\0')
    return FALSE;

  date = g_ascii_strtoull (base, NULL, 10);
  number = g_ascii_strtoull (uid, NULL, 16);
  if (number == 0)
    return FALSE;
  *out_generated = (MfGenerated){ (gint64)date, (guint32)number, uid + 9 };
  return TRUE;
}

static gboolean
is_safe (const char *name)
{
  return name[0] != '\0' && name[0] != '.' && strchr (name, '/') == NULL;
}

/* A file being written has the name that its writer gave it. */
static gboolean
format_draft (const MfMessage *message, char buffer[static MF_NAME_MAX + 1])
{
  return message->base != NULL
         && g_strlcpy (buffer, message->base, MF_NAME_MAX + 1) <= MF_NAME_MAX;
}

gboolean
mf_name_fits (const char *base)
{
  G_STATIC_ASSERT (MF_BASE_MAX + 3 + G_N_ELEMENTS (letters) == MF_NAME_MAX);

  return strlen (base) <= MF_BASE_MAX;
}

gboolean
mf_name_format (const MfMessage *message, const char *tag, char buffer[static MF_NAME_MAX + 1])
{
  int length;

  if (message->place == MF_PLACE_TMP)
    return format_draft (message, buffer);
  if (message->base != NULL)
    length = g_snprintf (buffer, MF_NAME_MAX + 1, "%s", message->base);
  else
    length = mf_message_generate_base (message, tag, buffer, MF_NAME_MAX + 1);
  if (length > MF_NAME_MAX || !mf_name_fits (buffer) || !is_safe (buffer))
    return FALSE;

  if (message->place == MF_PLACE_CUR)
    {
      memcpy (buffer + length, ":2,", 3);
      length += 3;
      for (guint i = 0; i < G_N_ELEMENTS (letters); i++)
        if (message->flags & letters[i].flag)
          buffer[length++] = letters[i].letter;
      buffer[length] = '\0';
    }
  return TRUE;
}

/* ---- folders ---------------------------------------------------------- */

static gboolean
is_place (const char *name)
{
  return g_str_equal (name, "cur") || g_str_equal (name, "new") || g_str_equal (name, "tmp");
}

/* The C1 controls move a terminal's cursor as the C0 ones do. */
static gboolean
is_plain (gunichar c)
{
  return c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0) && c != '/' && c != '%';
}

static void
append_escaped (GString *out, const char *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    g_string_append_printf (out, "%%%02X", (guint8)bytes[i]);
}

/* Ends @name at a character's or an escape's border, with a hash of all of it. */
static void
cut (GString *name, const char *component)
{
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, component, -1);
  gsize end = CUT_BYTES;

  while (end > 0 && ((guint8)name->str[end] & 0xc0) == 0x80)
    end--;
  if (name->str[end - 1] == '%')
    end -= 1;
  else if (name->str[end - 2] == '%')
    end -= 2;
  g_string_truncate (name, end);
  g_string_append_printf (name, "%%~%.*s", HASH_DIGITS, hash);
}

char *
mf_name_escape (const char *component)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean special = component[0] == '.' || is_place (component);
  const char *p = component;

  if (component[0] == '\0')
    return g_strdup ("%");
  if (special)
    append_escaped (out, p++, 1);
  while (*p != '\0')
    {
      gunichar c = g_utf8_get_char_validated (p, -1);
      gboolean valid = c != (gunichar)-1 && c != (gunichar)-2;
      gsize n = valid ? (gsize)(g_utf8_next_char (p) - p) : 1;

      if (valid && is_plain (c))
        g_string_append_len (out, p, n);
      else
        append_escaped (out, p, n);
      p += n;
    }
  if (out->len > MF_NAME_MAX)
    cut (out, component);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gboolean
mf_name_is_cut (const char *file_name)
{
  gsize length = strlen (file_name);
  const char *end = file_name + length - HASH_DIGITS;

  return length > HASH_DIGITS + 2 && end[-2] == '%' && end[-1] == '~'
         && strspn (end, "0123456789abcdef") == HASH_DIGITS;
}

static char *
decode (const char *file_name)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (const char *p = file_name; *p != '\0'; p++)
    {
      if (*p != '%')
        {
          g_string_append_c (out, *p);
          continue;
        }
      if (!g_ascii_isxdigit (p[1]) || !g_ascii_isxdigit (p[2]))
        return NULL;
      g_string_append_c (out,
                         (char)(g_ascii_xdigit_value (p[1]) << 4 | g_ascii_xdigit_value (p[2])));
      p += 2;
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Each folder has one spelling: what would not be escaped so is no name. */
char *
mf_name_unescape (const char *file_name)
{
  g_autofree char *component = NULL, *again = NULL;

  if (g_str_equal (file_name, "%"))
    return g_strdup ("");
  component = decode (file_name);
  if (component == NULL)
    return NULL;
  again = mf_name_escape (component);
  return g_str_equal (again, file_name) ? g_steal_pointer (&component) : NULL;
}
