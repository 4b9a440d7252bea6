/* Base64 here carries UTF-16BE, writes "," for "/", is not padded, and stands
 * between "&" and "-".  All characters outside printable ASCII, and only those,
 * are shifted, neighbours together; "&" itself is "&-".
 *
 * There is one right spelling of each name.  Decoding therefore reads leniently
 * and then asks whether encoding gives the same bytes back, which settles
 * stray padding bits, encoded ASCII, split shifts and NUL in one place. */
#include "proto/utf7.h"

#include <string.h>

static const char base64_digits[]
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static gboolean
is_direct (gunichar c)
{
  return c >= 0x20 && c <= 0x7e;
}

/* A shifted run while it is written: bits not yet worth a digit. */
typedef struct
{
  GString *out;
  guint32 bits;
  guint n_bits; /* below 6 between calls */
} Shift;

static void
shift_add_unit (Shift *shift, guint16 unit)
{
  shift->bits = shift->bits << 16 | unit;
  for (shift->n_bits += 16; shift->n_bits >= 6; shift->n_bits -= 6)
    g_string_append_c (shift->out, base64_digits[shift->bits >> (shift->n_bits - 6) & 63]);
}

static void
shift_add_char (Shift *shift, gunichar c)
{
  if (c < 0x10000)
    {
      shift_add_unit (shift, (guint16)c);
      return;
    }
  shift_add_unit (shift, (guint16)(0xd800 + ((c - 0x10000) >> 10)));
  shift_add_unit (shift, (guint16)(0xdc00 + ((c - 0x10000) & 0x3ff)));
}

static void
shift_end (Shift *shift)
{
  if (shift->n_bits > 0)
    g_string_append_c (shift->out, base64_digits[shift->bits << (6 - shift->n_bits) & 63]);
  g_string_append_c (shift->out, '-');
}

char *
mf_utf7_encode (const char *utf8)
{
  GString *out;

  if (!g_utf8_validate (utf8, -1, NULL))
    return NULL;

  out = g_string_new (NULL);
  while (*utf8 != '\0')
    {
      Shift shift = { .out = out };

      if (is_direct ((guchar)*utf8))
        {
          g_string_append (out, *utf8 == '&' ? "&-" : (char[]){ *utf8, '\0' });
          utf8++;
          continue;
        }
      g_string_append_c (out, '&');
      for (; *utf8 != '\0' && !is_direct ((guchar)*utf8); utf8 = g_utf8_next_char (utf8))
        shift_add_char (&shift, g_utf8_get_char (utf8));
      shift_end (&shift);
    }
  return g_string_free (out, FALSE);
}

/* Appends what the @n digits at @digits stand for.  FALSE for a character that
 * is no digit and for a surrogate without its partner. */
static gboolean
append_shifted (GString *out, const char *digits, gsize n)
{
  g_autofree gunichar2 *units = g_new (gunichar2, n / 2 + 1);
  g_autofree char *text = NULL;
  guint32 bits = 0;
  guint n_bits = 0;
  glong n_units = 0;

  for (gsize i = 0; i < n; i++)
    {
      const char *digit = memchr (base64_digits, digits[i], 64);

      if (digit == NULL)
        return FALSE;
      bits = bits << 6 | (guint32)(digit - base64_digits);
      n_bits += 6;
      if (n_bits >= 16)
        {
          n_bits -= 16;
          units[n_units++] = (gunichar2)(bits >> n_bits);
        }
    }
  text = g_utf16_to_utf8 (units, n_units, NULL, NULL, NULL);
  if (text == NULL)
    return FALSE;
  g_string_append (out, text);
  return TRUE;
}

char *
mf_utf7_decode (const char *wire)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *again = NULL;
  const char *p = wire;

  while (*p != '\0')
    {
      const char *end;

      if (*p != '&')
        {
          g_string_append_c (out, *p++);
          continue;
        }
      end = strchr (++p, '-');
      if (end == NULL)
        return NULL;
      if (end == p)
        g_string_append_c (out, '&');
      else if (!append_shifted (out, p, (gsize)(end - p)))
        return NULL;
      p = end + 1;
    }

  again = mf_utf7_encode (out->str);
  if (g_strcmp0 (again, wire) != 0)
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}
