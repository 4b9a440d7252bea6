#include "proto/code.h"

#include <string.h>

void
mf_code_clear (MfCode *self)
{
  g_clear_pointer (&self->words, g_ptr_array_unref);
  g_clear_pointer (&self->source, g_array_unref);
  g_clear_pointer (&self->target, g_array_unref);
}

guint64
mf_code_count (const GArray *ranges)
{
  guint64 n = 0;

  for (guint i = 0; i < ranges->len; i++)
    {
      const MfUidRange *r = &g_array_index (ranges, MfUidRange, i);

      n += (guint64)r->last - r->first + 1;
    }
  return n;
}

static gboolean
parse_words (MfCode *self, MfScan s)
{
  MfScan word;

  self->words = g_ptr_array_new_with_free_func (g_free);
  for (mf_scan_spaces (&s); mf_scan_word (&s, &word); mf_scan_spaces (&s))
    g_ptr_array_add (self->words, g_strndup (word.at, (gsize)(word.end - word.at)));
  return TRUE;
}

static gboolean
parse_flags (MfCode *self, MfScan s)
{
  return mf_scan_char (&s, '(') && parse_words (self, s);
}

static gboolean
parse_number (MfCode *self, MfScan s, guint64 max)
{
  return mf_scan_number (&s, max, &self->number) && self->number > 0;
}

static gboolean
parse_uid (MfCode *self, MfScan s)
{
  return parse_number (self, s, G_MAXUINT32);
}

static gboolean
parse_modseq (MfCode *self, MfScan s)
{
  return parse_number (self, s, G_MAXINT64);
}

/* "304,319:320" as it stands: the order has a meaning, so it is no MfUidSet.  A
 * range means the same in either direction. */
static GArray *
parse_ranges (MfScan *s)
{
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (MfUidRange));
  guint64 a, b;

  do
    {
      MfUidRange range;

      if (!mf_scan_number (s, G_MAXUINT32, &a))
        return NULL;
      b = a;
      if (mf_scan_char (s, ':') && !mf_scan_number (s, G_MAXUINT32, &b))
        return NULL;
      if (a == 0 || b == 0)
        return NULL;
      range = (MfUidRange){ (guint32)MIN (a, b), (guint32)MAX (a, b) };
      g_array_append_val (ranges, range);
    }
  while (mf_scan_char (s, ','));
  return g_steal_pointer (&ranges);
}

static gboolean
parse_appenduid (MfCode *self, MfScan s)
{
  if (!mf_scan_number (&s, G_MAXUINT32, &self->number) || !mf_scan_char (&s, ' '))
    return FALSE;
  self->target = parse_ranges (&s);
  return self->target != NULL;
}

static gboolean
parse_copyuid (MfCode *self, MfScan s)
{
  if (!mf_scan_number (&s, G_MAXUINT32, &self->number) || !mf_scan_char (&s, ' '))
    return FALSE;
  self->source = parse_ranges (&s);
  if (self->source == NULL || !mf_scan_char (&s, ' '))
    return FALSE;
  self->target = parse_ranges (&s);
  return self->target != NULL;
}

static const struct
{
  const char *name;
  MfCodeKind kind;
  gboolean (*parse) (MfCode *self, MfScan s);
} codes[] = {
  { "CAPABILITY", MF_CODE_CAPABILITY, parse_words },
  { "PERMANENTFLAGS", MF_CODE_PERMANENTFLAGS, parse_flags },
  { "UIDVALIDITY", MF_CODE_UIDVALIDITY, parse_uid },
  { "UIDNEXT", MF_CODE_UIDNEXT, parse_uid },
  { "HIGHESTMODSEQ", MF_CODE_HIGHESTMODSEQ, parse_modseq },
  { "APPENDUID", MF_CODE_APPENDUID, parse_appenduid },
  { "COPYUID", MF_CODE_COPYUID, parse_copyuid },
};

void
mf_code_parse (MfCode *self, MfScan text)
{
  MfScan name;

  memset (self, 0, sizeof *self);
  if (!mf_scan_word (&text, &name))
    return;
  mf_scan_spaces (&text);
  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    if (mf_scan_is (&name, codes[i].name) && codes[i].parse (self, text))
      self->kind = codes[i].kind;
}
