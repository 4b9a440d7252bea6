#include "proto/date.h"

#include <string.h>

static void
test_known (void)
{
  static const struct
  {
    const char *text;
    gint64 seconds;
  } known[] = {
    { "01-Jan-1970 00:00:00 +0000", 0 },
    { " 1-Jan-1970 00:00:00 +0000", 0 },
    { "1-Jan-1970 00:00:00 +0000", 0 },
    { "17-Jul-1996 02:44:25 -0700", 837596665 },
    { "29-Feb-2000 12:00:00 +0530", 951805800 },
    { "31-dec-1969 23:59:59 +0000", -1 },
    { "19-JAN-2038 03:14:08 +0000", G_GINT64_CONSTANT (2147483648) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      gint64 seconds = 42;

      g_assert_true (mf_date_parse (known[i].text, strlen (known[i].text), &seconds));
      g_assert_cmpint (seconds, ==, known[i].seconds);
    }
}

static void
test_refused (void)
{
  const char *const bad[] = { "",
                              "NIL",
                              "17-Jul-1996",
                              "17-Foo-1996 02:44:25 -0700",
                              "32-Jul-1996 02:44:25 -0700",
                              "17-Jul-1996 24:44:25 -0700",
                              "17-Jul-1996 02:44:25 00700",
                              "17-Jul-1996 02:44:25 -07x0" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      gint64 seconds = 42;

      g_assert_false (mf_date_parse (bad[i], strlen (bad[i]), &seconds));
      g_assert_cmpint (seconds, ==, 42);
    }
}

static void
test_round_trip (void)
{
  for (gint64 t = -5000000000; t < 10000000000; t += 12345678)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      gint64 back;

      mf_date_append (text, t);
      g_assert_true (mf_date_parse (text->str + 1, text->len - 2, &back));
      g_assert_cmpint (back, ==, t);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/date/known-dates", test_known);
  g_test_add_func ("/date/nonsense-is-refused", test_refused);
  g_test_add_func ("/date/comes-back-as-it-went", test_round_trip);
  return g_test_run ();
}
