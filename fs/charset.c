#include "fs/charset.h"

#include <string.h>

/* Beginnings of names: what follows may be digits only. */
static const char *const families[]
    = { "ISO-8859-", "ISO8859-", "ISO_8859-", "WINDOWS-125", "CP125" };

static const char *const charsets[] = {
  "UTF-8",     "UTF8",      "US-ASCII",    "ASCII",       "UTF-7",          "UTF-16",
  "UTF-16LE",  "UTF-16BE",  "KOI8-R",      "KOI8-U",      "GB2312",         "GBK",
  "GB18030",   "BIG5",      "BIG5-HKSCS",  "EUC-JP",      "EUC-KR",         "EUC-TW",
  "SHIFT_JIS", "SHIFT-JIS", "ISO-2022-JP", "ISO-2022-KR", "WINDOWS-31J",    "WINDOWS-874",
  "TIS-620",   "MACINTOSH", "HZ-GB-2312",  "CP437",       "CP850",          "CP866",
  "CP932",     "CP936",     "CP949",       "CP950",       "KS_C_5601-1987",
};

static gboolean
is_known (const char *charset)
{
  for (guint i = 0; i < G_N_ELEMENTS (charsets); i++)
    if (g_ascii_strcasecmp (charsets[i], charset) == 0)
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      gsize n = strlen (families[i]);

      if (g_ascii_strncasecmp (families[i], charset, n) == 0)
        return strlen (charset) <= n + 2
               && strspn (charset + n, "0123456789") == strlen (charset + n);
    }
  return FALSE;
}

static char *
guess (const char *bytes, gsize size)
{
  if (g_utf8_validate_len (bytes, size, NULL))
    return g_strndup (bytes, size);
  return g_convert_with_fallback (bytes, (gssize)size, "UTF-8", "WINDOWS-1252", "?", NULL, NULL,
                                  NULL);
}

static char *
convert (const char *bytes, gsize size, const char *charset)
{
  gsize n;
  char *text;

  if (charset == NULL)
    return guess (bytes, size);
  if (!is_known (charset))
    return NULL;
  text = g_convert (bytes, (gssize)size, "UTF-8", charset, NULL, &n, NULL);
  return text != NULL ? text : guess (bytes, size);
}

char *
mf_charset_to_utf8 (const char *bytes, gsize size, const char *charset)
{
  g_autofree char *text = convert (bytes, size, charset);

  if (text == NULL)
    return g_utf8_make_valid (bytes, (gssize)size);
  /* Text with a NUL in it ends there. */
  return g_utf8_make_valid (text, -1);
}
