#include "proto/reply.h"

#include <string.h>

void
mf_reply_init (MfReply *self)
{
  memset (self, 0, sizeof *self);
  self->text = g_string_sized_new (1024);
}

void
mf_reply_clear (MfReply *self)
{
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  self->text = NULL;
}

static gboolean
set_protocol_error (const char *words, GError **error)
{
  g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_PROTOCOL, words);
  return FALSE;
}

/* ---- parts of the stream ---------------------------------------------- */

static gsize
wait_bytes (MfStream *stream, const char **out_bytes, GCancellable *cancellable, GError **error)
{
  gsize have = mf_stream_peek (stream, out_bytes);

  if (have == 0 && mf_stream_fill (stream, cancellable, error))
    have = mf_stream_peek (stream, out_bytes);
  return have;
}

/* Appends up to and with the next line feed; a line ends in CRLF afterwards,
 * however it ended before. */
static gboolean
read_line (MfReply *self, MfStream *stream, GCancellable *cancellable, GError **error)
{
  const char *bytes, *lf = NULL;

  while (lf == NULL)
    {
      gsize have = wait_bytes (stream, &bytes, cancellable, error);

      if (have == 0)
        return FALSE;
      lf = memchr (bytes, '\n', have);
      if (lf != NULL)
        have = (gsize)(lf - bytes) + 1;
      if (self->text->len + have > MF_REPLY_MAX)
        return set_protocol_error ("the server's answer is too long", error);
      g_string_append_len (self->text, bytes, (gssize)have);
      mf_stream_consume (stream, have);
    }
  if (self->text->len < 2 || self->text->str[self->text->len - 2] != '\r')
    g_string_insert_c (self->text, (gssize)self->text->len - 1, '\r');
  return TRUE;
}

static gboolean
read_literal (MfReply *self, MfStream *stream, guint64 size, GCancellable *cancellable,
              GError **error)
{
  const char *bytes;

  if (size > MF_REPLY_MAX - self->text->len)
    return set_protocol_error ("the server's answer is too long", error);
  while (size > 0)
    {
      gsize have = wait_bytes (stream, &bytes, cancellable, error);

      if (have == 0)
        return FALSE;
      have = MIN (have, size);
      g_string_append_len (self->text, bytes, (gssize)have);
      mf_stream_consume (stream, have);
      size -= have;
    }
  return TRUE;
}

static gboolean
stream_body (MfStream *stream, guint64 size, const MfBodySink *sink, gpointer user_data,
             GCancellable *cancellable, GError **error)
{
  const char *bytes;

  while (size > 0)
    {
      gsize have = wait_bytes (stream, &bytes, cancellable, error);

      if (have == 0)
        return FALSE;
      have = MIN (have, size);
      if (sink != NULL)
        sink->data (bytes, have, user_data);
      mf_stream_consume (stream, have);
      size -= have;
    }
  return TRUE;
}

/* ---- literals --------------------------------------------------------- */

/* Whether @text ends in "{n}" CRLF; @out_brace is where that starts. */
static gboolean
ends_in_literal (const GString *text, gsize *out_brace, guint64 *out_size, gboolean *out_fits)
{
  gsize end = text->len - 2; /* behind the brace */
  gsize p;
  MfScan digits;

  if (end < 3 || text->str[end - 1] != '}')
    return FALSE;
  p = end - 1;
  if (text->str[p - 1] == '+')
    p--;
  digits.end = text->str + p;
  while (p > 0 && g_ascii_isdigit (text->str[p - 1]))
    p--;
  digits.at = text->str + p;
  if (p == 0 || digits.at == digits.end || text->str[p - 1] != '{')
    return FALSE;
  *out_brace = p - 1;
  *out_fits = mf_scan_number (&digits, G_MAXINT64, out_size);
  return TRUE;
}

static gboolean
ends_in (const char *text, gsize size, const char *tail)
{
  gsize n = strlen (tail);

  return size >= n && g_ascii_strncasecmp (text + size - n, tail, n) == 0;
}

/* Whether the literal at @brace is the body of a message. */
static gboolean
is_body (const MfReply *self, gsize brace)
{
  const char *text = self->text->str;
  MfScan s = mf_scan (text, brace);
  MfScan name;
  guint64 n;

  return mf_scan_char (&s, '*') && mf_scan_char (&s, ' ') && mf_scan_number (&s, G_MAXUINT32, &n)
         && mf_scan_char (&s, ' ') && mf_scan_word (&s, &name) && mf_scan_is (&name, "FETCH")
         && (ends_in (text, brace, " BODY[] ") || ends_in (text, brace, "(BODY[] "));
}

/* Status replies have no literals, and their words may look like one. */
static gboolean
may_have_literals (const MfReply *self)
{
  static const char *const states[] = { "* OK ", "* NO ", "* BAD ", "* BYE ", "* PREAUTH " };

  if (self->text->str[0] != '*')
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_ascii_strncasecmp (self->text->str, states[i], strlen (states[i])) == 0)
      return FALSE;
  return TRUE;
}

static gboolean
read_literals (MfReply *self, MfStream *stream, const MfBodySink *sink, gpointer user_data,
               GCancellable *cancellable, GError **error)
{
  guint64 size;
  gsize brace;
  gboolean fits;

  while (ends_in_literal (self->text, &brace, &size, &fits))
    {
      if (!fits)
        return set_protocol_error ("the server announces a literal of impossible size", error);
      if (is_body (self, brace))
        {
          const MfBodySink *target = self->has_body ? NULL : sink;

          g_string_truncate (self->text, brace);
          g_string_append (self->text, "{0}\r\n");
          if (target != NULL)
            {
              self->has_body = TRUE;
              target->begin (user_data);
            }
          if (!stream_body (stream, size, target, user_data, cancellable, error))
            return FALSE;
        }
      else if (!read_literal (self, stream, size, cancellable, error))
        return FALSE;
      if (!read_line (self, stream, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

/* ---- what it says ----------------------------------------------------- */

static gboolean
parse_state (MfScan *s, MfReplyState *out)
{
  static const char *const names[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };
  MfScan before = *s;
  MfScan word;

  if (mf_scan_word (s, &word))
    for (guint i = 0; i < G_N_ELEMENTS (names); i++)
      if (mf_scan_is (&word, names[i]))
        {
          *out = (MfReplyState)i;
          return TRUE;
        }
  *s = before;
  return FALSE;
}

/* "[code] words", each of which may be missing. */
static void
parse_words (MfReply *self, MfScan s)
{
  mf_scan_spaces (&s);
  if (mf_scan_char (&s, '['))
    {
      const char *p = s.at;
      gboolean quoted = FALSE;

      for (; p < s.end && (quoted || *p != ']'); p++)
        if (*p == '"')
          quoted = !quoted;
      self->code = (MfScan){ s.at, p };
      s.at = MIN (p + 1, s.end);
      mf_scan_spaces (&s);
    }
  self->words = s;
}

static gboolean
parse_untagged (MfReply *self, MfScan s)
{
  guint64 number = 0;

  mf_scan_spaces (&s);
  if (parse_state (&s, &self->state))
    {
      self->kind = MF_REPLY_STATUS;
      parse_words (self, s);
      return TRUE;
    }
  self->kind = MF_REPLY_DATA;
  if (mf_scan_number (&s, G_MAXUINT32, &number))
    mf_scan_spaces (&s);
  self->number = (guint32)number;
  if (!mf_scan_word (&s, &self->name))
    return FALSE;
  mf_scan_spaces (&s);
  self->args = s;
  return TRUE;
}

static gboolean
parse_tagged (MfReply *self, MfScan s)
{
  guint64 tag;

  if (!mf_scan_char (&s, 'A') || !mf_scan_number (&s, G_MAXUINT32, &tag) || !mf_scan_char (&s, ' ')
      || !parse_state (&s, &self->state))
    return FALSE;
  self->kind = MF_REPLY_TAGGED;
  self->tag = (guint)tag;
  parse_words (self, s);
  return TRUE;
}

static void
parse (MfReply *self)
{
  MfScan s = mf_scan (self->text->str, self->text->len - 2);
  gboolean ok = TRUE;

  if (mf_scan_char (&s, '*'))
    ok = parse_untagged (self, s);
  else if (mf_scan_char (&s, '+'))
    {
      self->kind = MF_REPLY_CONTINUE;
      mf_scan_char (&s, ' ');
      self->words = s;
    }
  else
    ok = parse_tagged (self, s);
  if (!ok)
    self->kind = MF_REPLY_STRANGE;
}

static void
reset (MfReply *self)
{
  GString *text = self->text;

  /* A reply of many megabytes should not keep them. */
  if (text->allocated_len > 1024 * 1024)
    {
      g_string_free (text, TRUE);
      text = g_string_sized_new (1024);
    }
  g_string_truncate (text, 0);
  memset (self, 0, sizeof *self);
  self->text = text;
  self->code = self->words = self->name = self->args = mf_scan (text->str, 0);
}

gboolean
mf_reply_read (MfReply *self, MfStream *stream, const MfBodySink *sink, gpointer user_data,
               GCancellable *cancellable, GError **error)
{
  do
    {
      reset (self);
      if (!read_line (self, stream, cancellable, error))
        return FALSE;
    }
  while (self->text->len == 2); /* Exchange sends empty lines */
  if (ends_in (self->text->str, self->text->len, "}\r\n") && may_have_literals (self)
      && !read_literals (self, stream, sink, user_data, cancellable, error))
    return FALSE;
  parse (self);
  return TRUE;
}

gboolean
mf_reply_is (const MfReply *self, const char *name)
{
  return self->kind == MF_REPLY_DATA && mf_scan_is (&self->name, name);
}

gboolean
mf_reply_has_code (const MfReply *self, const char *word)
{
  MfScan s = self->code;
  MfScan first;

  return (self->kind == MF_REPLY_STATUS || self->kind == MF_REPLY_TAGGED)
         && mf_scan_word (&s, &first) && mf_scan_is (&first, word);
}
