#include "proto/scan.h"

#include <string.h>

gboolean
mf_scan_char (MfScan *self, char c)
{
  if (self->at >= self->end || *self->at != c)
    return FALSE;
  self->at++;
  return TRUE;
}

void
mf_scan_spaces (MfScan *self)
{
  while (self->at < self->end && *self->at == ' ')
    self->at++;
}

static gboolean
ends_word (char c)
{
  return c == ' ' || c == '(' || c == ')' || c == '\r' || c == '\n' || c == '\0';
}

gboolean
mf_scan_word (MfScan *self, MfScan *out)
{
  const char *p = self->at;

  while (p < self->end && !ends_word (*p))
    p++;
  if (p == self->at)
    return FALSE;
  *out = (MfScan){ self->at, p };
  self->at = p;
  return TRUE;
}

gboolean
mf_scan_number (MfScan *self, guint64 max, guint64 *out)
{
  const char *p = self->at;
  guint64 n = 0;

  for (; p < self->end && g_ascii_isdigit (*p); p++)
    {
      guint digit = (guint)(*p - '0');

      if (n > (max - digit) / 10)
        return FALSE;
      n = n * 10 + digit;
    }
  if (p == self->at)
    return FALSE;
  self->at = p;
  *out = n;
  return TRUE;
}

/* "{12}" CRLF and the twelve bytes, also "~{12}" and "{12+}". */
static gboolean
scan_literal (MfScan *self, MfScan *out)
{
  MfScan s = *self;
  guint64 size;

  mf_scan_char (&s, '~');
  if (!mf_scan_char (&s, '{') || !mf_scan_number (&s, G_MAXSSIZE, &size))
    return FALSE;
  mf_scan_char (&s, '+');
  if (!mf_scan_char (&s, '}') || !mf_scan_char (&s, '\r') || !mf_scan_char (&s, '\n')
      || size > (guint64)(s.end - s.at))
    return FALSE;
  *out = (MfScan){ s.at, s.at + size };
  self->at = out->end;
  return TRUE;
}

/* A quoted string; @out (nullable) gets it without its backslashes. */
static gboolean
scan_quoted (MfScan *self, GString *out)
{
  const char *p = self->at + 1;

  for (; p < self->end && *p != '"'; p++)
    {
      if (*p == '\\' && p + 1 < self->end)
        p++;
      if (*p == '\r' || *p == '\n' || *p == '\0')
        return FALSE;
      if (out != NULL)
        g_string_append_c (out, *p);
    }
  if (p >= self->end)
    return FALSE;
  self->at = p + 1;
  return TRUE;
}

static gboolean
scan_value (MfScan *self, GString *out)
{
  MfScan part;

  if (self->at >= self->end)
    return FALSE;
  if (*self->at == '"')
    return scan_quoted (self, out);
  if (*self->at == '{' || *self->at == '~')
    {
      if (scan_literal (self, &part))
        {
          if (out != NULL)
            g_string_append_len (out, part.at, part.end - part.at);
          return TRUE;
        }
      if (*self->at == '{')
        return FALSE;
    }
  if (!mf_scan_word (self, &part))
    return FALSE;
  if (out != NULL)
    g_string_append_len (out, part.at, part.end - part.at);
  return TRUE;
}

gboolean
mf_scan_string (MfScan *self, GString *out)
{
  MfScan before = *self;
  gsize size = out->len;

  if (scan_value (self, out) && memchr (out->str + size, '\0', out->len - size) == NULL)
    return TRUE;
  g_string_truncate (out, size);
  *self = before;
  return FALSE;
}

/* Counts parentheses instead of recursing: their depth is the server's choice. */
gboolean
mf_scan_skip (MfScan *self)
{
  MfScan s = *self;
  gsize depth = 0;

  do
    {
      if (depth > 0)
        mf_scan_spaces (&s);
      if (mf_scan_char (&s, '('))
        depth++;
      else if (depth > 0 && mf_scan_char (&s, ')'))
        depth--;
      else if (!scan_value (&s, NULL))
        return FALSE;
    }
  while (depth > 0);
  *self = s;
  return TRUE;
}

gboolean
mf_scan_is (const MfScan *self, const char *word)
{
  gsize size = strlen (word);

  return (gsize)(self->end - self->at) == size && g_ascii_strncasecmp (self->at, word, size) == 0;
}
