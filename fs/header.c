#include "fs/header.h"

#include "fs/charset.h"

#include <string.h>

/* ---- finding a field -------------------------------------------------- */

typedef struct
{
  const char *p, *end;
} Bytes;

/* The next line without its end; FALSE when there is none. */
static gboolean
next_line (Bytes *rest, Bytes *out_line)
{
  const char *eol;

  if (rest->p >= rest->end)
    return FALSE;
  eol = memchr (rest->p, '\n', rest->end - rest->p);
  *out_line = (Bytes){ rest->p, eol != NULL ? eol : rest->end };
  rest->p = eol != NULL ? eol + 1 : rest->end;
  if (out_line->end > out_line->p && out_line->end[-1] == '\r')
    out_line->end--;
  return TRUE;
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

/* Where the body of field @name begins in @line, or NULL: another field. */
static const char *
match_field (Bytes line, const char *name)
{
  gsize n = strlen (name);
  const char *p = line.p + n;

  if ((gsize)(line.end - line.p) <= n || g_ascii_strncasecmp (line.p, name, n) != 0)
    return NULL;
  while (p < line.end && is_blank (*p))
    p++;
  return p < line.end && *p == ':' ? p + 1 : NULL;
}

char *
mf_header_field (const char *bytes, gsize size, const char *name)
{
  Bytes rest = { bytes, bytes + MIN (size, MF_HEADER_MAX) };
  const char *body = NULL, *end = NULL;
  Bytes line;

  while (next_line (&rest, &line) && line.p < line.end)
    {
      if (body != NULL && !is_blank (*line.p))
        break;
      if (body == NULL)
        body = match_field (line, name);
      if (body != NULL)
        end = line.end;
    }
  return body != NULL ? mf_header_decode (body, (gsize)(end - body)) : NULL;
}

/* ---- encoded words ---------------------------------------------------- */

typedef struct
{
  char *charset;
  char encoding; /* 'B' or 'Q' */
  const char *text;
  gsize size;
  const char *end; /* behind "?=" */
} Word;

/* =?charset*language?B?text?= at @p. */
static gboolean
parse_word (const char *p, const char *end, Word *out_word)
{
  const char *charset = p + 2, *star, *text, *close;
  gsize n;

  if (end - p < 8 || p[0] != '=' || p[1] != '?')
    return FALSE;
  text = memchr (charset, '?', end - charset);
  if (text == NULL || end - text < 5 || text[2] != '?')
    return FALSE;
  close = memchr (text + 3, '?', end - (text + 3));
  if (close == NULL || close + 1 >= end || close[1] != '=')
    return FALSE;
  if (g_ascii_toupper (text[1]) != 'B' && g_ascii_toupper (text[1]) != 'Q')
    return FALSE;

  star = memchr (charset, '*', text - charset);
  n = (star != NULL ? star : text) - charset;
  *out_word = (Word){
    .charset = g_strndup (charset, n),
    .encoding = g_ascii_toupper (text[1]),
    .text = text + 3,
    .size = close - (text + 3),
    .end = close + 2,
  };
  return TRUE;
}

static void
decode_q (const Word *word, GString *out)
{
  const char *end = word->text + word->size;

  for (const char *p = word->text; p < end; p++)
    if (*p == '_')
      g_string_append_c (out, ' ');
    else if (*p == '=' && end - p > 2 && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]))
      {
        g_string_append_c (out,
                           (char)(g_ascii_xdigit_value (p[1]) << 4 | g_ascii_xdigit_value (p[2])));
        p += 2;
      }
    else
      g_string_append_c (out, *p);
}

static void
decode_b (const Word *word, GString *out)
{
  g_autofree guchar *bytes = g_malloc (word->size / 4 * 3 + 3);
  int state = 0;
  guint save = 0;
  gsize n = g_base64_decode_step (word->text, word->size, bytes, &state, &save);

  g_string_append_len (out, (const char *)bytes, (gssize)n);
}

/* Neighbours in one charset are one text: some writers cut inside a character.
 * Returns where the last word that was taken ends. */
static const char *
decode_words (const Word *first, const char *end, GString *out)
{
  g_autoptr (GString) bytes = g_string_new (NULL);
  g_autofree char *charset = first->charset;
  g_autofree char *text = NULL;
  Word word = *first;
  const char *taken;
  gboolean more = TRUE;

  while (more)
    {
      const char *p = taken = word.end;

      (word.encoding == 'B' ? decode_b : decode_q) (&word, bytes);
      while (p < end && g_ascii_isspace (*p))
        p++;
      more = parse_word (p, end, &word);
      if (more)
        {
          more = g_ascii_strcasecmp (word.charset, charset) == 0;
          g_free (word.charset);
        }
    }
  text = mf_charset_to_utf8 (bytes->str, bytes->len, charset);
  g_string_append (out, text);
  return taken;
}

/* Blanks between two encoded words are not text. */
static const char *
skip_to_word (const char *p, const char *end)
{
  const char *next = p;
  Word word;

  while (next < end && g_ascii_isspace (*next))
    next++;
  if (next == p || !parse_word (next, end, &word))
    return p;
  g_free (word.charset);
  return next;
}

static void
make_printable (GString *text)
{
  g_autofree char *trimmed = NULL;

  for (gsize i = 0; i < text->len; i++)
    if (g_ascii_iscntrl (text->str[i]))
      text->str[i] = ' ';
  trimmed = g_strdup (g_strstrip (text->str));
  if (strlen (trimmed) > MF_HEADER_VALUE_MAX)
    *g_utf8_find_prev_char (trimmed, trimmed + MF_HEADER_VALUE_MAX) = '\0';
  g_string_assign (text, trimmed);
}

static void
append_plain (GString *out, const char *start, const char *end)
{
  g_autofree char *text = mf_charset_to_utf8 (start, (gsize)(end - start), NULL);

  g_string_append (out, text);
}

char *
mf_header_decode (const char *text, gsize size)
{
  g_autoptr (GString) raw = g_string_sized_new (size), out = g_string_new (NULL);
  const char *p, *end, *plain;
  Word word;

  for (gsize i = 0; i < size; i++)
    if (text[i] != '\r' && text[i] != '\n')
      g_string_append_c (raw, text[i] != '\0' ? text[i] : ' ');

  p = plain = raw->str;
  end = raw->str + raw->len;
  while (p < end)
    {
      if (!parse_word (p, end, &word))
        {
          p++;
          continue;
        }
      append_plain (out, plain, p);
      p = plain = skip_to_word (decode_words (&word, end, out), end);
    }
  append_plain (out, plain, end);
  make_printable (out);
  return g_string_free (g_steal_pointer (&out), FALSE);
}
