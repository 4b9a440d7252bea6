#include "proto/quote.h"

#include <string.h>

static const struct
{
  const char *name;
  MfFlags flag;
} names[] = {
  { "\\Seen", MF_FLAG_SEEN },       { "\\Answered", MF_FLAG_ANSWERED },
  { "\\Flagged", MF_FLAG_FLAGGED }, { "\\Deleted", MF_FLAG_DELETED },
  { "\\Draft", MF_FLAG_DRAFT },     { "$Forwarded", MF_FLAG_FORWARDED },
};

gboolean
mf_quote_append (GString *line, const char *text, GError **error)
{
  if (strpbrk (text, "\r\n") != NULL)
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_INVALID,
                           "a line end cannot be part of a name");
      return FALSE;
    }
  g_string_append_c (line, '"');
  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (line, '\\');
      g_string_append_c (line, *p);
    }
  g_string_append_c (line, '"');
  return TRUE;
}

/* An atom: the only form that the grammar has for a keyword. */
static gboolean
is_keyword (const char *text, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (text[i] <= ' ' || text[i] >= 0x7f || strchr ("(){%*\"\\]", text[i]) != NULL)
      return FALSE;
  return size > 0;
}

gboolean
mf_quote_check_keywords (const char *keywords, GError **error)
{
  g_auto (GStrv) words = g_strsplit (keywords != NULL ? keywords : "", " ", -1);

  for (char **w = words; *w != NULL; w++)
    if (**w != '\0' && !is_keyword (*w, strlen (*w)))
      {
        g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_INVALID, "“%s” cannot be a keyword",
                     *w);
        return FALSE;
      }
  return TRUE;
}

void
mf_quote_append_flags (GString *line, MfFlags flags, const char *keywords)
{
  g_auto (GStrv) words = g_strsplit (keywords != NULL ? keywords : "", " ", -1);
  gsize start;

  g_string_append_c (line, '(');
  start = line->len;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (flags & names[i].flag)
      g_string_append_printf (line, "%s ", names[i].name);
  for (char **w = words; *w != NULL; w++)
    if (is_keyword (*w, strlen (*w)))
      g_string_append_printf (line, "%s ", *w);
  if (line->len > start)
    g_string_truncate (line, line->len - 1);
  g_string_append_c (line, ')');
}

MfFlags
mf_quote_flag (const char *name, gsize size)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i].name) == size && g_ascii_strncasecmp (name, names[i].name, size) == 0)
      return names[i].flag;
  return 0;
}
