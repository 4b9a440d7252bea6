#include "fs/labelwords.h"

#include <string.h>

/* The word at *@at, without its quotes.  (transfer full) NULL: it does not end. */
static char *
read_word (const char **at)
{
  g_autoptr (GString) word = g_string_new (NULL);
  gboolean quoted = **at == '"';
  const char *p = *at + quoted;

  for (; *p != '\0' && (quoted ? *p != '"' : !g_ascii_isspace (*p)); p++)
    {
      if (quoted && *p == '\\' && p[1] != '\0')
        p++;
      g_string_append_c (word, *p);
    }
  if (quoted && *p != '"')
    return NULL;
  *at = p + quoted;
  return g_string_free (g_steal_pointer (&word), FALSE);
}

static gboolean
is_label (const char *word)
{
  for (const char *p = word; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return FALSE;
  return *word != '\0' && g_utf8_validate (word, -1, NULL);
}

/* As the index has it: in quotes unless it is one word.  (transfer full) */
static char *
spell (const char *label)
{
  GString *out = g_string_new (NULL);

  if (strpbrk (label, " \"()") == NULL)
    return g_string_free (g_string_append (out, label), FALSE);
  g_string_append_c (out, '"');
  for (const char *p = label; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}

static void
put (GPtrArray *labels, const char *label, gboolean on)
{
  g_autofree char *spelt = spell (label);

  for (guint i = 0; i < labels->len; i++)
    if (g_ascii_strcasecmp (g_ptr_array_index (labels, i), spelt) == 0)
      g_ptr_array_remove_index (labels, i--);
  if (on)
    g_ptr_array_add (labels, g_steal_pointer (&spelt));
}

static const char *
skip_spaces (const char *text)
{
  while (g_ascii_isspace (*text))
    text++;
  return text;
}

/* FALSE: a word is no label, or has no sign though @relative. */
static gboolean
apply_words (const char *text, gboolean relative, GPtrArray *labels)
{
  for (const char *at = skip_spaces (text); *at != '\0'; at = skip_spaces (at))
    {
      gboolean on = *at != '-' || !relative;
      g_autofree char *word = NULL;

      if (relative && *at != '+' && *at != '-')
        return FALSE;
      at += relative;
      word = read_word (&at);
      if (word == NULL || !is_label (word))
        return FALSE;
      put (labels, word, on);
    }
  return TRUE;
}

gboolean
mf_labelwords_apply (const char *text, char **labels)
{
  g_autoptr (GPtrArray) result = g_ptr_array_new_with_free_func (g_free);
  const char *first = skip_spaces (text);
  gboolean relative = *first == '+' || *first == '-';

  if ((relative && !apply_words (*labels, FALSE, result)) || !apply_words (text, relative, result))
    return FALSE;
  g_ptr_array_add (result, NULL);
  g_free (*labels);
  *labels = g_strjoinv (" ", (char **)result->pdata);
  return TRUE;
}
