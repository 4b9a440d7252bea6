#include "proto/etpan.h"

#include <string.h>

static gboolean
fetch (const char *args, MfMeta *meta)
{
  return mf_etpan_fetch (mf_scan (args, strlen (args)), meta);
}

static void
test_body_items (void)
{
  MfMeta meta;

  mf_meta_init (&meta);
  g_assert_true (fetch ("(BODY[] {0}\r\n UID 7 FLAGS (\\Seen b a) MODSEQ (9) RFC822.SIZE 5 "
                        "INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")",
                        &meta));
  g_assert_cmpuint (meta.message.uid, ==, 7);
  g_assert_cmpint (meta.message.flags, ==, MF_FLAG_SEEN);
  g_assert_cmpstr (meta.message.keywords, ==, "a b");
  g_assert_cmpuint (meta.message.modseq, ==, 9);
  g_assert_cmpuint (meta.message.size, ==, 5);
  g_assert_cmpint (meta.message.internaldate, ==, 837596665);
  g_assert_true (meta.has_body);
  g_assert_false (meta.body_nil);

  g_assert_true (fetch ("(UID 8 BODY[] NIL)", &meta));
  g_assert_true (meta.has_body && meta.body_nil);
  g_assert_cmpuint (meta.message.modseq, ==, 0);

  g_assert_true (fetch ("(UID 8 BODY[] \"a\\\"b\")", &meta));
  g_assert_cmpstr (meta.body->str, ==, "a\"b");
  g_assert_true (fetch ("(UID 8 BODY[HEADER] \"x\")", &meta));
  g_assert_false (meta.has_body);
  mf_meta_clear (&meta);
}

static void
test_unknown_items (void)
{
  const char *const lines[] = {
    "(FOO bar UID 7)",
    "(FOO (a (b \")\") {3}\r\n)()) UID 7)",
    "(PREVIEW \"x) UID 9\" UID 7)",
    "(BINARY[1.2] ~{4}\r\nabcd UID 7)",
    "(BODY[HEADER.FIELDS (A B)] {2}\r\nxy UID 7)",
    "(INTERNALDATE NIL FLAGS (a) UID 7)",
    "(X-GM-LABELS (\\Inbox) UID 7)",
  };
  MfMeta meta;

  mf_meta_init (&meta);
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_test_message ("%s", lines[i]);
      g_assert_true (fetch (lines[i], &meta));
      g_assert_cmpuint (meta.message.uid, ==, 7);
    }
  mf_meta_clear (&meta);
}

static void
test_malformed (void)
{
  const char *const lines[] = {
    "(",          "(UID 7", "UID 7", "(UID)", "", "(BODY[] {9}\r\nabc", "(BODY[] {4000000000} x)",
    "(BODY[] \"x"
  };
  MfMeta meta;

  mf_meta_init (&meta);
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_test_message ("%s", lines[i]);
      g_assert_false (fetch (lines[i], &meta));
      g_assert_cmpuint (meta.message.uid, ==, 0);
    }
  mf_meta_clear (&meta);
}

static void
test_depth (void)
{
  g_autoptr (GString) line = g_string_new ("(BODYSTRUCTURE ");
  MfMeta meta;

  mf_meta_init (&meta);
  for (guint i = 0; i < 1000000; i++)
    g_string_append_c (line, '(');
  g_assert_false (fetch (line->str, &meta));
  mf_meta_clear (&meta);
}

/* Bytes of all kinds in the place of what the grammar has there.  --seed. */
static void
test_mutations (void)
{
  static const char seed[] = "(UID 7 FLAGS (\\Seen a b) INTERNALDATE \"17-Jul-1996 02:44:25 "
                             "-0700\" RFC822.SIZE 5 MODSEQ (9) "
                             "BODY[] {3}\r\nabc BODY[] \"q\" X (a {2}\r\n)( b))";
  static const char bytes[] = "()[]{}\"\\ \r\n0179:,*+-NILAa\xff~<>";
  MfMeta meta;

  mf_meta_init (&meta);
  for (guint i = 0; i < 100000; i++)
    {
      g_autoptr (GString) text = g_string_new (seed);

      for (gint n = g_test_rand_int_range (1, 8); n > 0; n--)
        {
          gssize at = g_test_rand_int_range (0, (gint32)text->len);

          if (g_test_rand_bit ())
            text->str[at] = bytes[g_test_rand_int_range (0, sizeof bytes)];
          else if (g_test_rand_bit ())
            g_string_erase (text, at, 1);
          else
            g_string_insert_c (text, at, bytes[g_test_rand_int_range (0, sizeof bytes)]);
        }
      mf_etpan_fetch (mf_scan (text->str, text->len), &meta);
    }
  mf_meta_clear (&meta);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/etpan/body-items", test_body_items);
  g_test_add_func ("/etpan/unknown-items-are-passed-over", test_unknown_items);
  g_test_add_func ("/etpan/malformed-lines-are-refused", test_malformed);
  g_test_add_func ("/etpan/depth-does-not-eat-the-stack", test_depth);
  g_test_add_func ("/etpan/any-bytes", test_mutations);
  return g_test_run ();
}
