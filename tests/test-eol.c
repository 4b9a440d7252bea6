/* Random texts, rich in CR and LF, are cut in random pieces and compared with a
 * model that sees the whole. */
#include "cache/eol.h"

#include <string.h>

#define ROUNDS 2000
#define MOST_BYTES 200

static GString *
model_to_lf (const GString *in)
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < in->len; i++)
    if (in->str[i] != '\r' || i + 1 == in->len || in->str[i + 1] != '\n')
      g_string_append_c (out, in->str[i]);
  return out;
}

static GString *
model_to_wire (const GString *in)
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < in->len; i++)
    {
      if (in->str[i] == '\n')
        g_string_append_c (out, '\r');
      g_string_append_c (out, in->str[i]);
    }
  return out;
}

/* In pieces, each into room of exactly the size that the header asks for. */
static GString *
stream_to_lf (const GString *in)
{
  GString *out = g_string_new (NULL);
  MfEol eol = MF_EOL_INIT;
  char last;

  for (gsize at = 0; at < in->len;)
    {
      gsize size = (gsize) g_test_rand_int_range (0, 9);
      size = MIN (size, in->len - at);
      g_autofree char *room = g_malloc (size + 1);
      g_string_append_len (out, room, (gssize) mf_eol_to_lf (&eol, in->str + at, size, room));
      at += size;
    }
  if (mf_eol_finish (&eol, &last) == 1)
    g_string_append_c (out, last);
  return out;
}

static GString *
stream_to_wire (const GString *in)
{
  GString *out = g_string_new (NULL);

  for (gsize at = 0; at < in->len;)
    {
      gsize size = (gsize) g_test_rand_int_range (1, 9);
      size = MIN (size, in->len - at);
      g_autofree char *room = g_malloc (2 * size);
      gsize n = mf_eol_to_wire (in->str + at, size, room);
      g_assert_cmpuint (n, ==, mf_eol_wire_size (in->str + at, size));
      g_string_append_len (out, room, (gssize) n);
      at += size;
    }
  return out;
}

static GString *
random_text (const char *letters)
{
  GString *text = g_string_new (NULL);
  gint32 size = g_test_rand_int_range (0, MOST_BYTES);

  for (gint32 i = 0; i < size; i++)
    g_string_append_c (text, letters[g_test_rand_int_range (0, (gint32) strlen (letters))]);
  return text;
}

static void
assert_same (const GString *a, const GString *b)
{
  g_assert_cmpmem (a->str, a->len, b->str, b->len);
}

static void
free_string (GString *string)
{
  g_string_free (string, TRUE);
}
typedef GString Text;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Text, free_string)

static void
test_reading_matches_the_model (void)
{
  for (int i = 0; i < ROUNDS; i++)
    {
      g_autoptr (Text) text = random_text ("ab\r\n");
      g_autoptr (Text) expected = model_to_lf (text);
      g_autoptr (Text) got = stream_to_lf (text);
      assert_same (got, expected);
    }
}

static void
test_writing_matches_the_model (void)
{
  for (int i = 0; i < ROUNDS; i++)
    {
      g_autoptr (Text) text = random_text ("ab\r\n");
      g_autoptr (Text) expected = model_to_wire (text);
      g_autoptr (Text) got = stream_to_wire (text);
      assert_same (got, expected);
    }
}

static void
test_round_trip (void)
{
  for (int i = 0; i < ROUNDS; i++)
    {
      g_autoptr (Text) letters = random_text ("ab\rcd");
      for (gsize at = 0; at < letters->len; at++)
        if (letters->str[at] == 'c')
          g_string_insert (g_string_erase (letters, (gssize) at, 1), (gssize) at, "\r\n");
      g_autoptr (Text) read = stream_to_lf (letters);
      g_autoptr (Text) back = stream_to_wire (read);
      assert_same (back, letters);
    }
}

static void
test_zero_bytes_pass (void)
{
  g_autoptr (Text) text = g_string_new_len ("a\0\r\n\0\r\0", 7);
  g_autoptr (Text) read = stream_to_lf (text);
  g_autoptr (Text) back = stream_to_wire (read);

  g_assert_cmpmem (read->str, read->len, "a\0\n\0\r\0", 6);
  assert_same (back, text);
}

static void
test_last_cr_is_kept (void)
{
  MfEol eol = MF_EOL_INIT;
  char out[4];

  g_assert_cmpuint (mf_eol_to_lf (&eol, "x\r", 2, out), ==, 1);
  g_assert_cmpuint (mf_eol_finish (&eol, out), ==, 1);
  g_assert_cmpint (out[0], ==, '\r');
  g_assert_cmpuint (mf_eol_finish (&eol, out), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/eol/reading in pieces is like reading the whole",
                   test_reading_matches_the_model);
  g_test_add_func ("/eol/writing in pieces is like writing the whole",
                   test_writing_matches_the_model);
  g_test_add_func ("/eol/what has no bare LF comes back as it was", test_round_trip);
  g_test_add_func ("/eol/zero bytes are like others", test_zero_bytes_pass);
  g_test_add_func ("/eol/a CR at the end is not lost", test_last_cr_is_kept);
  return g_test_run ();
}
