#include "proto/change.h"

#include <string.h>

static char *
parse (const char *args, gboolean *out_is_earlier)
{
  MfReply reply = { .kind = MF_REPLY_DATA };
  g_autoptr (MfUidSet) gone = NULL;

  reply.args = mf_scan (args, strlen (args));
  gone = mf_change_parse_vanished (&reply, out_is_earlier);
  return gone != NULL ? mf_uidset_to_string (gone) : NULL;
}

static void
test_vanished (void)
{
  static const struct
  {
    const char *args, *set;
    gboolean is_earlier;
  } known[] = {
    { "(EARLIER) 300:310,405", "300:310,405", TRUE },
    { "(earlier) 5:3", "3:5", TRUE },
    { "7", "7", FALSE },
    { "7 ", "7", FALSE },
    { "", NULL, FALSE },
    { "(EARLIER) ", NULL, TRUE },
    { "1:*", NULL, FALSE },
    { "4294967297", NULL, FALSE },
    { "(LATER) 1", NULL, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      gboolean is_earlier;
      g_autofree char *set = parse (known[i].args, &is_earlier);

      g_assert_cmpstr (set, ==, known[i].set);
      g_assert_cmpint (is_earlier, ==, known[i].is_earlier);
    }
}

static void
note_range (guint32 first, guint32 last, gpointer user_data)
{
  g_string_append_printf (user_data, "%u:%u ", first, last);
}

static void
test_send (void)
{
  static const MfChangeSink sink = { NULL, note_range };
  static const MfChangeSink deaf = { NULL, NULL };
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (MfUidSet) gone = mf_uidset_parse ("1:3,9,4294967295");

  mf_change_send_vanished (gone, &sink, log);
  mf_change_send_vanished (gone, &deaf, log);
  mf_change_send_vanished (gone, NULL, log);
  g_assert_cmpstr (log->str, ==, "1:3 9:9 4294967295:4294967295 ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/change/vanished", test_vanished);
  g_test_add_func ("/change/ranges-go-to-the-sink", test_send);
  return g_test_run ();
}
