#include "proto/meta.h"

#include <string.h>

static gboolean
parse (MfMeta *meta, const char *args)
{
  return mf_meta_parse (meta, mf_scan (args, strlen (args)));
}

static void
test_all_items (void)
{
  MfMeta meta;
  const MfRemoteMessage *m = &meta.message;

  mf_meta_init (&meta);
  g_assert_true (parse (
      &meta, "(UID 7 FLAGS (\\seen zz $Forwarded \\Recent Aa \\Foo) INTERNALDATE "
             "\"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4294967300 MODSEQ (9223372036854775807) "
             "EMAILID (M1) THREADID NIL)"));
  g_assert_cmpuint (m->uid, ==, 7);
  g_assert_true (m->has_flags);
  g_assert_cmpint (m->flags, ==, MF_FLAG_SEEN | MF_FLAG_FORWARDED);
  g_assert_cmpstr (m->keywords, ==, "Aa zz");
  g_assert_cmpint (m->internaldate, ==, 837596665);
  g_assert_cmpuint (m->size, ==, G_GUINT64_CONSTANT (4294967300));
  g_assert_cmpuint (m->modseq, ==, G_MAXINT64);
  g_assert_cmpstr (m->emailid, ==, "M1");
  g_assert_null (m->threadid);
  g_assert_null (m->labels);
  mf_meta_clear (&meta);
}

static void
test_message_id (void)
{
  MfMeta meta;

  mf_meta_init (&meta);
  g_assert_true (parse (&meta, "(UID 7 BODY[HEADER.FIELDS (MESSAGE-ID)] {27}\r\n"
                               "message-ID: \r\n <a:b@c> \r\n\r\n)"));
  g_assert_cmpuint (meta.message.uid, ==, 7);
  g_assert_cmpstr (meta.message.message_id, ==, "<a:b@c>");
  g_assert_true (parse (&meta, "(BODY[HEADER.FIELDS (\"Message-ID\")] {2}\r\n\r\n UID 8)"));
  g_assert_cmpuint (meta.message.uid, ==, 8);
  g_assert_cmpstr (meta.message.message_id, ==, "");
  g_assert_true (parse (&meta, "(UID 9)"));
  g_assert_null (meta.message.message_id);
  mf_meta_clear (&meta);
}

static void
test_nothing_lingers (void)
{
  MfMeta meta;

  mf_meta_init (&meta);
  g_assert_true (parse (&meta, "(UID 7 FLAGS (a) EMAILID (M1) X-GM-LABELS (x))"));
  g_assert_true (parse (&meta, "(UID 8 FLAGS ())"));
  g_assert_cmpstr (meta.message.keywords, ==, "");
  g_assert_null (meta.message.emailid);
  g_assert_null (meta.message.labels);
  g_assert_cmpuint (meta.message.size, ==, 0);
  mf_meta_clear (&meta);
}

static void
test_gmail (void)
{
  MfMeta meta;

  mf_meta_init (&meta);
  g_assert_true (parse (&meta,
                        "(X-GM-THRID 1278455344230334865 X-GM-MSGID 18446744073709551615 "
                        "X-GM-LABELS (\\Inbox \"\\\\Sent\" \"Muy Importante\" {3}\r\na b B&APw-ro &x))"));
  g_assert_cmpstr (meta.message.threadid, ==, "1278455344230334865");
  g_assert_cmpstr (meta.message.emailid, ==, "18446744073709551615");
  g_assert_cmpstr (meta.message.labels, ==, "\\Inbox \\Sent \"Muy Importante\" \"a b\" B\xc3\xbcro &x");
  mf_meta_clear (&meta);
}

static void
test_left_to_others (void)
{
  const char *const other[] = { "",
                                "UID 7",
                                "(UID 7",
                                "(UID 4294967296)",
                                "(UID 7 BODY[] {0}\r\n)",
                                "(UID 7 FLAGS \\Seen)",
                                "(FLAGS (a (b)))",
                                "(UID)" };
  MfMeta meta;

  mf_meta_init (&meta);
  for (gsize i = 0; i < G_N_ELEMENTS (other); i++)
    {
      g_assert_false (parse (&meta, other[i]));
      g_assert_cmpuint (meta.message.uid, ==, 0);
      g_assert_false (meta.message.has_flags);
    }
  mf_meta_clear (&meta);
}

static void
test_odd_keywords (void)
{
  MfMeta meta;

  mf_meta_init (&meta);
  g_assert_true (parse (&meta, "(FLAGS (ok \xff\xfe gr\xc3\xbcn a\x01"
                               "b))"));
  g_assert_cmpstr (meta.message.keywords, ==, "gr\xc3\xbcn ok");
  mf_meta_clear (&meta);
}

static void
test_speed (void)
{
  enum
  {
    LINES = 100000
  };
  gint64 start = g_get_monotonic_time ();
  double each_us;
  MfMeta meta;

  mf_meta_init (&meta);
  for (guint i = 0; i < LINES; i++)
    g_assert_true (parse (&meta,
                          "(UID 100000 FLAGS (\\Seen \\Answered $Label1) INTERNALDATE "
                          "\"17-Jul-2026 02:44:25 +0000\" RFC822.SIZE 12345 MODSEQ (123456))"));
  each_us = (double)(g_get_monotonic_time () - start) / LINES;
  g_test_message ("%.3f us a line", each_us);
  mf_meta_clear (&meta);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/meta/all-items", test_all_items);
  g_test_add_func ("/meta/nothing-lingers-from-the-line-before", test_nothing_lingers);
  g_test_add_func ("/meta/message-id-is-taken-out-of-its-field", test_message_id);
  g_test_add_func ("/meta/gmail-items", test_gmail);
  g_test_add_func ("/meta/the-rest-is-left-to-others", test_left_to_others);
  g_test_add_func ("/meta/odd-keywords-are-left-out", test_odd_keywords);
  g_test_add_func ("/meta/speed", test_speed);
  return g_test_run ();
}
