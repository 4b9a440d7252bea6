#include "fs/flagwords.h"

#include <string.h>

static const struct
{
  MfFlags flag;
  const char *word;
} words[] = {
  { MF_FLAG_SEEN, "\\Seen" },       { MF_FLAG_ANSWERED, "\\Answered" },
  { MF_FLAG_FLAGGED, "\\Flagged" }, { MF_FLAG_DELETED, "\\Deleted" },
  { MF_FLAG_DRAFT, "\\Draft" },     { MF_FLAG_FORWARDED, "$Forwarded" },
};

char *
mf_flagwords_print (MfFlags flags, const char *keywords)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (flags & words[i].flag)
      g_string_append_printf (out, "%s%s", out->len > 0 ? " " : "", words[i].word);
  if (keywords != NULL && keywords[0] != '\0')
    g_string_append_printf (out, "%s%s", out->len > 0 ? " " : "", keywords);
  return g_string_free (out, FALSE);
}

/* An atom; those with a backslash are the server's own, of which we know all. */
static gboolean
is_keyword (const char *word)
{
  for (const char *p = word; *p != '\0'; p++)
    if ((guchar)*p <= ' ' || (guchar)*p >= 0x7f || strchr ("(){%*\"\\]", *p) != NULL)
      return FALSE;
  return word[0] != '\0';
}

static MfFlags
find_flag (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (words[i].word, word) == 0)
      return words[i].flag;
  return 0;
}

static void
take_out (GPtrArray *keywords, const char *word)
{
  for (guint i = 0; i < keywords->len; i++)
    if (g_ascii_strcasecmp (g_ptr_array_index (keywords, i), word) == 0)
      g_ptr_array_remove_index (keywords, i--);
}

/* FALSE: no flag. */
static gboolean
apply_word (const char *word, gboolean on, MfFlags *flags, GPtrArray *keywords)
{
  MfFlags flag = find_flag (word);

  if (flag == 0 && !is_keyword (word))
    return FALSE;
  *flags = on ? *flags | flag : *flags & ~flag;
  if (flag != 0)
    return TRUE;
  take_out (keywords, word);
  if (on)
    g_ptr_array_add (keywords, g_strdup (word));
  return TRUE;
}

static void
split_into (GPtrArray *array, const char *text)
{
  g_auto (GStrv) parts = g_strsplit_set (text, " \t\n", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    if (parts[i][0] != '\0')
      g_ptr_array_add (array, g_strdup (parts[i]));
}

static gboolean
is_relative (const GPtrArray *parts)
{
  const char *first = parts->len > 0 ? g_ptr_array_index (parts, 0) : "";

  return first[0] == '+' || first[0] == '-';
}

gboolean
mf_flagwords_apply (const char *text, MfFlags *flags, char **keywords)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) set = g_ptr_array_new_with_free_func (g_free);
  gboolean relative;
  MfFlags result;

  split_into (parts, text);
  relative = is_relative (parts);
  result = relative ? *flags : 0;
  if (relative && *keywords != NULL)
    split_into (set, *keywords);
  for (guint i = 0; i < parts->len; i++)
    {
      const char *part = g_ptr_array_index (parts, i);

      if (relative && part[0] != '+' && part[0] != '-')
        return FALSE;
      if (!apply_word (part + relative, part[0] != '-', &result, set))
        return FALSE;
    }
  g_ptr_array_add (set, NULL);
  *flags = result;
  g_free (*keywords);
  *keywords = set->len > 1 ? g_strjoinv (" ", (char **)set->pdata) : NULL;
  return TRUE;
}
