#include "proto/utf7.h"

#include <string.h>

static void
assert_round_trip (const char *utf8, const char *wire)
{
  g_autofree char *encoded = mf_utf7_encode (utf8);
  g_autofree char *decoded = mf_utf7_decode (wire);

  g_assert_cmpstr (encoded, ==, wire);
  g_assert_cmpstr (decoded, ==, utf8);
}

static void
assert_refused (const char *const *wires, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *decoded = mf_utf7_decode (wires[i]);

      if (decoded != NULL)
        g_test_fail_printf ("'%s' was decoded to '%s'", wires[i], decoded);
    }
}

static void
test_known_names (void)
{
  assert_round_trip ("", "");
  assert_round_trip ("INBOX", "INBOX");
  assert_round_trip ("a/b.c\\d\"e~", "a/b.c\\d\"e~");
  assert_round_trip ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
  assert_round_trip ("Entwürfe", "Entw&APw-rfe");
  assert_round_trip ("Отправленные", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-");
  assert_round_trip ("\xf0\x9f\x93\xa5 in", "&2D3c5Q- in");
}

static void
test_ampersand (void)
{
  assert_round_trip ("&", "&-");
  assert_round_trip ("&&", "&-&-");
  assert_round_trip ("R&D", "R&-D");
  assert_round_trip ("-&-", "-&--");
  assert_round_trip ("é&é", "&AOk-&-&AOk-");
  assert_round_trip ("é-é", "&AOk--&AOk-");
}

static void
test_control_characters_are_shifted (void)
{
  assert_round_trip ("\t", "&AAk-");
  assert_round_trip ("\x1f \x7f", "&AB8- &AH8-");
}

/* @c alone, and beside ASCII and other shifted characters, so that it meets
 * each of the bit positions a unit can start at. */
static void
assert_char_round_trips (gunichar c)
{
  static const char *const around[][2] = {
    { "", "" }, { "a", "z" }, { "é", "" }, { "éé", "é" }, { "&", "&" }, { "", "-" },
  };
  char text[7] = { 0 };

  g_unichar_to_utf8 (c, text);
  for (guint i = 0; i < G_N_ELEMENTS (around); i++)
    {
      g_autofree char *utf8 = g_strconcat (around[i][0], text, around[i][1], NULL);
      g_autofree char *wire = mf_utf7_encode (utf8);
      g_autofree char *decoded = NULL;

      g_assert_nonnull (wire);
      for (const char *p = wire; *p != '\0'; p++)
        g_assert_true (*p >= 0x20 && *p <= 0x7e);
      decoded = mf_utf7_decode (wire);
      g_assert_cmpstr (decoded, ==, utf8);
    }
}

static void
test_bmp_round_trips (void)
{
  for (gunichar c = 1; c < 0x10000; c++)
    if (c < 0xd800 || c > 0xdfff)
      assert_char_round_trips (c);
}

static void
test_pairs_round_trip (void)
{
  for (gunichar c = 0x10000; c <= 0x10ffff; c += 251)
    assert_char_round_trips (c);
  for (gunichar plane = 1; plane <= 16; plane++)
    {
      assert_char_round_trips (plane << 16);
      assert_char_round_trips (plane << 16 | 0x3ff);
      assert_char_round_trips (plane << 16 | 0x400);
      assert_char_round_trips (plane << 16 | 0xffff);
    }
}

static void
test_random_names_round_trip (void)
{
  for (guint run = 0; run < 5000; run++)
    {
      g_autoptr (GString) utf8 = g_string_new (NULL);
      g_autofree char *wire = NULL, *decoded = NULL;

      for (int n = g_test_rand_int_range (0, 30); n > 0; n--)
        {
          static const gunichar limits[] = { 0x80, 0x800, 0xd800, 0x110000 };
          gunichar limit = limits[g_test_rand_int_range (0, G_N_ELEMENTS (limits))];
          gunichar c = (gunichar)g_test_rand_int_range (1, (gint32)limit);

          g_string_append_unichar (utf8, c >= 0xd800 && c <= 0xdfff ? '&' : c);
        }
      wire = mf_utf7_encode (utf8->str);
      decoded = mf_utf7_decode (wire);
      g_assert_cmpstr (decoded, ==, utf8->str);
    }
}

/* Whatever is accepted must encode to the same bytes again. */
static void
test_random_wire_text_is_exact_or_refused (void)
{
  static const char alphabet[] = "&&&&----AAAAAAQgBDE2dz9+,/ ~\xc3\xa9\n";

  for (guint run = 0; run < 200000; run++)
    {
      char wire[16] = { 0 };
      g_autofree char *decoded = NULL, *again = NULL;

      for (int n = g_test_rand_int_range (0, sizeof wire); n > 0; n--)
        wire[n - 1] = alphabet[g_test_rand_int_range (0, sizeof alphabet - 1)];
      decoded = mf_utf7_decode (wire);
      if (decoded == NULL)
        continue;
      again = mf_utf7_encode (decoded);
      g_assert_cmpstr (again, ==, wire);
    }
}

static void
test_invalid_utf8_is_not_encoded (void)
{
  g_assert_null (mf_utf7_encode ("\xff"));
  g_assert_null (mf_utf7_encode ("a\xc3"));
  g_assert_null (mf_utf7_encode ("\xc0\xaf"));
  g_assert_null (mf_utf7_encode ("\xed\xa0\x80"));
  g_assert_null (mf_utf7_encode ("\xf4\x90\x80\x80"));
}

static void
test_unterminated_shift_is_refused (void)
{
  static const char *const wires[] = { "&", "a&", "&AOk", "&-&", "&AOk-&AOk", "&AOk&AOk-" };

  assert_refused (wires, G_N_ELEMENTS (wires));
}

static void
test_other_base64_spellings_are_refused (void)
{
  static const char *const wires[] = {
    "&AOl-",              /* bits of the last digit left over are not zero */
    "&AOkA-",             /* a digit too many */
    "&AOkAA-",            /* two */
    "&AOkAAA-",           /* and a NUL's worth */
    "&AOk=-",             /* padding */
    "&U/BTFw-",           /* "/" where "," belongs */
    "&A-",        "&AA-", /* no whole unit */
    "&AOk-&AOk-",         /* one run cut in two */
    "&A Ok-",     "&AO\nk-", "&AO!k-", "&\xc3\xa9-",
  };

  assert_refused (wires, G_N_ELEMENTS (wires));
}

static void
test_encoded_ascii_is_refused (void)
{
  static const char *const wires[] = {
    "&AEE-", "&AGEAYg-", "&ACY-", "&AC0-", "&ACA-", "&AH4-", "&AOkAQQ-", "&AEEA6Q-",
  };

  assert_refused (wires, G_N_ELEMENTS (wires));
}

static void
test_nul_is_refused (void)
{
  static const char *const wires[] = { "&AAA-", "&AOkAAADp-", "a&AAA-b" };

  assert_refused (wires, G_N_ELEMENTS (wires));
}

static void
test_bare_bytes_are_refused (void)
{
  static const char *const wires[]
      = { "\xc3\xa9", "a\xff", "\x7f", "\t", "a\r\n", "\xc3\xa9&AOk-" };

  assert_refused (wires, G_N_ELEMENTS (wires));
}

static void
test_lone_surrogates_are_refused (void)
{
  static const char *const wires[] = {
    "&2D0-",      /* high alone */
    "&3OU-",      /* low alone */
    "&2D3YPQ-",   /* high, high */
    "&3OXYPQ-",   /* low, high */
    "&2D0A6Q-",   /* high, then a letter */
    "&2D0-&3OU-", /* a pair cut in two */
  };

  assert_refused (wires, G_N_ELEMENTS (wires));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/utf7/known names", test_known_names);
  g_test_add_func ("/utf7/an ampersand is &-", test_ampersand);
  g_test_add_func ("/utf7/control characters are shifted", test_control_characters_are_shifted);
  g_test_add_func ("/utf7/all of the BMP round trips", test_bmp_round_trips);
  g_test_add_func ("/utf7/surrogate pairs round trip", test_pairs_round_trip);
  g_test_add_func ("/utf7/random names round trip", test_random_names_round_trip);
  g_test_add_func ("/utf7/random wire text is exact or refused",
                   test_random_wire_text_is_exact_or_refused);
  g_test_add_func ("/utf7/invalid UTF-8 is not encoded", test_invalid_utf8_is_not_encoded);
  g_test_add_func ("/utf7/an unterminated shift is refused", test_unterminated_shift_is_refused);
  g_test_add_func ("/utf7/other base64 spellings are refused",
                   test_other_base64_spellings_are_refused);
  g_test_add_func ("/utf7/encoded printable ASCII is refused", test_encoded_ascii_is_refused);
  g_test_add_func ("/utf7/an encoded NUL is refused", test_nul_is_refused);
  g_test_add_func ("/utf7/bare bytes outside printable ASCII are refused",
                   test_bare_bytes_are_refused);
  g_test_add_func ("/utf7/lone surrogates are refused", test_lone_surrogates_are_refused);
  return g_test_run ();
}
