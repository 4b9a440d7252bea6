#include "cache/keywords.h"

#include <string.h>

static gboolean
has (GPtrArray *words, const char *word)
{
  for (guint i = 0; i < words->len; i++)
    if (g_ascii_strcasecmp (g_ptr_array_index (words, i), word) == 0)
      return TRUE;
  return FALSE;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Behind the word at @at. */
static const char *
word_end (const char *at)
{
  const char *p = at;

  if (*p != '"')
    return p + strcspn (p, " ");
  for (p++; *p != '\0' && *p != '"'; p++)
    if (*p == '\\' && p[1] != '\0')
      p++;
  return p + strcspn (p, " ");
}

/* Appends copies of the words of @set that are not in @words, nor in @except. */
static void
append (GPtrArray *words, const char *set, GPtrArray *except)
{
  for (const char *at = set != NULL ? set : "", *end; *at != '\0'; at = end + strspn (end, " "))
    {
      end = word_end (at);
      g_autofree char *word = g_strndup (at, (gsize) (end - at));
      if (*word != '\0' && !has (words, word) && (except == NULL || !has (except, word)))
        g_ptr_array_add (words, g_steal_pointer (&word));
    }
}

static char *
join (GPtrArray *words)
{
  if (words->len == 0)
    return NULL;
  g_ptr_array_sort (words, compare);
  g_ptr_array_add (words, NULL);
  return g_strjoinv (" ", (char **) words->pdata);
}

char *
mf_keywords_add (const char *set, const char *more)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  append (words, set, NULL);
  append (words, more, NULL);
  return join (words);
}

char *
mf_keywords_remove (const char *set, const char *less)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) except = g_ptr_array_new_with_free_func (g_free);

  append (except, less, NULL);
  append (words, set, except);
  return join (words);
}

gboolean
mf_keywords_equal (const char *a, const char *b)
{
  g_autofree char *only_a = mf_keywords_remove (a, b);
  g_autofree char *only_b = mf_keywords_remove (b, a);

  return only_a == NULL && only_b == NULL;
}
