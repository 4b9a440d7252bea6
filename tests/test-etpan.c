#include "proto/etpan.h"

#include <string.h>

static gboolean
fetch (const char *line, MfMeta *meta)
{
  g_autoptr (GString) text = g_string_new (line);

  g_string_append (text, "\r\n");
  return mf_etpan_fetch (text, meta);
}

static void
test_body_items (void)
{
  MfMeta meta;

  mf_meta_init (&meta);
  g_assert_true (fetch ("* 3 FETCH (BODY[] {0}\r\n UID 7 FLAGS (\\Seen b a) MODSEQ (9) RFC822.SIZE 5 "
                        "INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")", &meta));
  g_assert_cmpuint (meta.message.uid, ==, 7);
  g_assert_cmpint (meta.message.flags, ==, MF_FLAG_SEEN);
  g_assert_cmpstr (meta.message.keywords, ==, "a b");
  g_assert_cmpuint (meta.message.modseq, ==, 9);
  g_assert_cmpuint (meta.message.size, ==, 5);
  g_assert_cmpint (meta.message.internaldate, ==, 837596665);
  g_assert_true (meta.has_body);
  g_assert_false (meta.body_nil);

  g_assert_true (fetch ("* 3 FETCH (UID 8 BODY[] NIL)", &meta));
  g_assert_true (meta.has_body && meta.body_nil);
  g_assert_cmpuint (meta.message.modseq, ==, 0);

  g_assert_true (fetch ("* 3 FETCH (UID 8 BODY[] \"a\\\"b\")", &meta));
  g_assert_cmpstr (meta.body->str, ==, "a\"b");
  g_assert_true (fetch ("* 3 FETCH (UID 8 BODY[HEADER] \"x\")", &meta));
  g_assert_false (meta.has_body);
  mf_meta_clear (&meta);
}

static void
test_unknown_items (void)
{
  const char *const lines[] = {
    "* 3 FETCH (FOO bar UID 7)",
    "* 3 FETCH (FOO (a (b \")\") {3}\r\n)()) UID 7)",
    "* 3 FETCH (PREVIEW \"x) UID 9\" UID 7)",
    "* 3 FETCH (BINARY[1.2] ~{4}\r\nabcd UID 7)",
    "* 3 FETCH (BODY[HEADER.FIELDS (A B)] {2}\r\nxy UID 7)",
    "* 3 FETCH (INTERNALDATE NIL FLAGS (a (x)) UID 7)",
    "* 3 FETCH (X-GM-LABELS (\\Inbox) UID 7)",
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
  const char *const lines[] = { "* 3 FETCH (", "* 3 FETCH (UID 7", "* 3 FETCH UID 7", "* FETCH (UID 7)",
                                "* 3 FETCH (BODY[] {9}\r\nabc", "* 3 FETCH (BODY[] {4000000000} x)", "* 3 FETCH (BODY[] \"x" };
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
  g_autoptr (GString) line = g_string_new ("* 3 FETCH (BODYSTRUCTURE ");
  MfMeta meta;

  mf_meta_init (&meta);
  for (guint i = 0; i < 1000000; i++)
    g_string_append_c (line, '(');
  g_assert_false (fetch (line->str, &meta));
  mf_meta_clear (&meta);
}

static void
read_code (const char *text, MfCode *out)
{
  mf_etpan_code (mf_scan (text, strlen (text)), out);
}

static void
test_codes (void)
{
  g_auto (MfCode) uidvalidity = { 0 }, modseq = { 0 }, flags = { 0 }, other = { 0 }, none = { 0 };

  read_code ("UIDVALIDITY 3857529045", &uidvalidity);
  g_assert_cmpint (uidvalidity.kind, ==, MF_CODE_UIDVALIDITY);
  g_assert_cmpuint (uidvalidity.number, ==, 3857529045);
  read_code ("HIGHESTMODSEQ 715194045007", &modseq);
  g_assert_cmpint (modseq.kind, ==, MF_CODE_HIGHESTMODSEQ);
  g_assert_cmpuint (modseq.number, ==, G_GUINT64_CONSTANT (715194045007));
  read_code ("PERMANENTFLAGS (\\Seen \\*)", &flags);
  g_assert_cmpint (flags.kind, ==, MF_CODE_PERMANENTFLAGS);
  g_assert_true (flags.keywords);
  read_code ("NEWFANGLED (a b) c", &other);
  g_assert_cmpint (other.kind, ==, MF_CODE_OTHER);
  read_code ("", &none);
  g_assert_cmpint (none.kind, ==, MF_CODE_OTHER);
}

static void
test_uidplus (void)
{
  g_auto (MfCode) copy = { 0 }, append = { 0 };

  read_code ("COPYUID 38505 304,319:320 3956,3:2", &copy);
  g_assert_cmpint (copy.kind, ==, MF_CODE_COPYUID);
  g_assert_cmpuint (copy.number, ==, 38505);
  g_assert_cmpuint (copy.source->len, ==, 2);
  g_assert_cmpuint (g_array_index (copy.source, MfUidRange, 1).last, ==, 320);
  g_assert_cmpuint (g_array_index (copy.target, MfUidRange, 0).first, ==, 3956);
  g_assert_cmpuint (g_array_index (copy.target, MfUidRange, 1).first, ==, 2);
  read_code ("APPENDUID 1 5:7", &append);
  g_assert_cmpint (append.kind, ==, MF_CODE_APPENDUID);
  g_assert_cmpuint (g_array_index (append.target, MfUidRange, 0).last, ==, 7);
}

static void
test_capability (void)
{
  g_auto (MfCode) code = { 0 };

  read_code ("CAPABILITY IMAP4rev1 LITERAL+ AUTH=SCRAM-SHA-256 STATUS=SIZE", &code);
  g_assert_cmpint (code.kind, ==, MF_CODE_CAPABILITY);
  g_assert_cmpuint (code.words->len, ==, 4);
  g_assert_cmpstr (g_ptr_array_index (code.words, 1), ==, "LITERAL+");
  g_assert_cmpstr (g_ptr_array_index (code.words, 2), ==, "AUTH=SCRAM-SHA-256");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  mf_etpan_init ();
  g_test_add_func ("/etpan/body-items", test_body_items);
  g_test_add_func ("/etpan/unknown-items-are-passed-over", test_unknown_items);
  g_test_add_func ("/etpan/malformed-lines-are-refused", test_malformed);
  g_test_add_func ("/etpan/depth-does-not-eat-the-stack", test_depth);
  g_test_add_func ("/etpan/codes", test_codes);
  g_test_add_func ("/etpan/uid-sets-keep-their-order", test_uidplus);
  g_test_add_func ("/etpan/capabilities", test_capability);
  return g_test_run ();
}
