#include "proto/meta.h"

#include <string.h>

#include "proto/date.h"
#include "proto/quote.h"

void
mf_meta_init (MfMeta *self)
{
  memset (self, 0, sizeof *self);
  self->body = g_string_new (NULL);
  self->words = g_array_new (FALSE, FALSE, sizeof (MfScan));
  self->keywords = g_string_new (NULL);
  self->labels = g_string_new (NULL);
  self->emailid = g_string_new (NULL);
  self->threadid = g_string_new (NULL);
  self->message_id = g_string_new (NULL);
  self->word = g_string_new (NULL);
}

void
mf_meta_clear (MfMeta *self)
{
  if (self->words == NULL)
    return;
  g_array_unref (self->words);
  g_string_free (self->body, TRUE);
  g_string_free (self->keywords, TRUE);
  g_string_free (self->labels, TRUE);
  g_string_free (self->emailid, TRUE);
  g_string_free (self->threadid, TRUE);
  g_string_free (self->message_id, TRUE);
  g_string_free (self->word, TRUE);
  memset (self, 0, sizeof *self);
}

void
mf_meta_reset (MfMeta *self)
{
  memset (&self->message, 0, sizeof self->message);
  self->has_body = self->body_nil = FALSE;
  g_string_truncate (self->body, 0);
  g_array_set_size (self->words, 0);
}

/* ---- flags ------------------------------------------------------------ */

/* What the rest of the program may take for a keyword: one word of UTF-8. */
static gboolean
is_sane (const char *name, gsize size)
{
  gboolean ascii = TRUE;

  for (gsize i = 0; i < size; i++)
    {
      if ((guchar)name[i] <= ' ' || name[i] == 0x7f)
        return FALSE;
      ascii = ascii && (guchar)name[i] < 0x7f;
    }
  return size > 0 && (ascii || g_utf8_validate (name, (gssize)size, NULL));
}

void
mf_meta_add_flag (MfMeta *self, const char *name, gsize size)
{
  MfFlags flag = mf_quote_flag (name, size);
  MfScan word = mf_scan (name, size);

  self->message.flags |= flag;
  /* \Recent and system flags that are not known cannot be stored by anyone. */
  if (flag == 0 && is_sane (name, size) && name[0] != '\\')
    g_array_append_val (self->words, word);
}

static gint
compare_words (gconstpointer a, gconstpointer b)
{
  const MfScan *x = a, *y = b;
  gsize nx = (gsize)(x->end - x->at), ny = (gsize)(y->end - y->at);
  gint order = memcmp (x->at, y->at, MIN (nx, ny));

  return order != 0 ? order : (nx > ny) - (nx < ny);
}

static void
join_words (GArray *words, GString *out)
{
  g_string_truncate (out, 0);
  if (words->len > 1)
    g_array_sort (words, compare_words);
  for (guint i = 0; i < words->len; i++)
    {
      MfScan *w = &g_array_index (words, MfScan, i);

      if (i > 0)
        g_string_append_c (out, ' ');
      g_string_append_len (out, w->at, w->end - w->at);
    }
}

/* ---- labels ----------------------------------------------------------- */

/* A label that is no single word stands in quotes, so that the list can be taken
 * apart again. */
void
mf_meta_add_label (MfMeta *self, const char *wire)
{
  g_autofree char *decoded = mf_utf7_decode (wire);
  const char *label = decoded != NULL ? decoded : wire;

  if (self->message.labels == NULL)
    g_string_truncate (self->labels, 0);
  else if (self->labels->len > 0)
    g_string_append_c (self->labels, ' ');
  if (label[0] != '\0' && strpbrk (label, " \"()") == NULL)
    g_string_append (self->labels, label);
  else if (!mf_quote_append (self->labels, label, NULL))
    g_string_append (self->labels, "\"\"");
  self->message.labels = self->labels->str;
}

static gboolean
parse_labels (MfMeta *self, MfScan *s)
{
  g_string_truncate (self->labels, 0);
  self->message.labels = self->labels->str;
  if (!mf_scan_char (s, '('))
    return FALSE;
  while (!mf_scan_char (s, ')'))
    {
      g_string_truncate (self->word, 0);
      if (!mf_scan_string (s, self->word))
        return FALSE;
      mf_meta_add_label (self, self->word->str);
      mf_scan_spaces (s);
    }
  return TRUE;
}

/* ---- items ------------------------------------------------------------ */

static gboolean
parse_flags (MfMeta *self, MfScan *s)
{
  MfScan word;

  if (!mf_scan_char (s, '('))
    return FALSE;
  self->message.has_flags = TRUE;
  for (;;)
    {
      mf_scan_spaces (s);
      if (mf_scan_char (s, ')'))
        return TRUE;
      if (!mf_scan_word (s, &word))
        return FALSE;
      mf_meta_add_flag (self, word.at, (gsize)(word.end - word.at));
    }
}

static gboolean
parse_uid (MfMeta *self, MfScan *s)
{
  guint64 n;

  if (!mf_scan_number (s, G_MAXUINT32, &n))
    return FALSE;
  self->message.uid = (guint32)n;
  return TRUE;
}

static gboolean
parse_size (MfMeta *self, MfScan *s)
{
  return mf_scan_number (s, G_MAXINT64, &self->message.size);
}

static gboolean
parse_modseq (MfMeta *self, MfScan *s)
{
  return mf_scan_char (s, '(') && mf_scan_number (s, G_MAXINT64, &self->message.modseq)
         && mf_scan_char (s, ')');
}

static gboolean
parse_date (MfMeta *self, MfScan *s)
{
  const char *close;
  MfScan word;

  if (!mf_scan_char (s, '"'))
    return mf_scan_word (s, &word) && mf_scan_is (&word, "NIL");
  close = memchr (s->at, '"', (gsize)(s->end - s->at));
  if (close == NULL)
    return FALSE;
  mf_date_parse (s->at, (gsize)(close - s->at), &self->message.internaldate);
  s->at = close + 1;
  return TRUE;
}

/* "(M6d99ac32)", "NIL" or Gmail's bare number, into @out. */
static gboolean
parse_id (MfScan *s, GString *out, const char **out_id)
{
  gboolean parens = mf_scan_char (s, '(');
  MfScan word;

  if (!mf_scan_word (s, &word) || (parens && !mf_scan_char (s, ')')))
    return FALSE;
  if (mf_scan_is (&word, "NIL") || !is_sane (word.at, (gsize)(word.end - word.at)))
    return TRUE;
  g_string_truncate (out, 0);
  g_string_append_len (out, word.at, word.end - word.at);
  *out_id = out->str;
  return TRUE;
}

static gboolean
parse_emailid (MfMeta *self, MfScan *s)
{
  return parse_id (s, self->emailid, &self->message.emailid);
}

static gboolean
parse_threadid (MfMeta *self, MfScan *s)
{
  return parse_id (s, self->threadid, &self->message.threadid);
}

/* "[HEADER.FIELDS (MESSAGE-ID)]" and the field as it stands in the message. */
static gboolean
parse_message_id (MfMeta *self, MfScan *s)
{
  const char *close = memchr (s->at, ']', (gsize)(s->end - s->at));
  const char *colon;

  if (close == NULL)
    return FALSE;
  s->at = close + 1;
  g_string_truncate (self->word, 0);
  if (!mf_scan_char (s, ' ') || !mf_scan_string (s, self->word))
    return FALSE;
  g_string_truncate (self->message_id, 0);
  colon = strchr (self->word->str, ':');
  for (const char *p = colon != NULL ? colon + 1 : ""; *p != '\0'; p++)
    if (!g_ascii_isspace (*p))
      g_string_append_c (self->message_id, *p);
  self->message.message_id = self->message_id->str;
  return TRUE;
}

static const struct
{
  const char *name;
  gboolean (*parse) (MfMeta *self, MfScan *s);
} items[] = {
  { "UID", parse_uid },
  { "FLAGS", parse_flags },
  { "MODSEQ", parse_modseq },
  { "RFC822.SIZE", parse_size },
  { "INTERNALDATE", parse_date },
  { "EMAILID", parse_emailid },
  { "THREADID", parse_threadid },
  { "X-GM-MSGID", parse_emailid },
  { "X-GM-THRID", parse_threadid },
  { "X-GM-LABELS", parse_labels },
  { "BODY[HEADER.FIELDS", parse_message_id },
};

static gboolean
parse_item (MfMeta *self, MfScan *s)
{
  MfScan name;

  if (!mf_scan_word (s, &name) || !mf_scan_char (s, ' '))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (items); i++)
    if (mf_scan_is (&name, items[i].name))
      return items[i].parse (self, s);
  return FALSE;
}

gboolean
mf_meta_parse (MfMeta *self, MfScan args)
{
  gboolean ok;

  mf_meta_reset (self);
  ok = mf_scan_char (&args, '(');
  while (ok && !mf_scan_char (&args, ')'))
    {
      ok = parse_item (self, &args);
      mf_scan_spaces (&args);
    }
  if (!ok)
    mf_meta_reset (self);
  else
    mf_meta_finish (self);
  return ok;
}

void
mf_meta_finish (MfMeta *self)
{
  if (!self->message.has_flags)
    return;
  join_words (self->words, self->keywords);
  self->message.keywords = self->keywords->str;
}
