#include "fs/provider.h"

#include <glib.h>

static void
test_large_providers_are_known (void)
{
  const char *domains[][2] = {
    { "gmail.com", "imap.gmail.com" },
    { "Googlemail.COM", "imap.gmail.com" },
    { "outlook.com", "outlook.office365.com" },
    { "hotmail.co.uk", "outlook.office365.com" },
    { "icloud.com", "imap.mail.me.com" },
    { "me.com", "imap.mail.me.com" },
    { "fastmail.com", "imap.fastmail.com" },
    { "yahoo.fr", "imap.mail.yahoo.com" },
    { "zoho.eu", "imap.zoho.eu" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (domains); i++)
    g_assert_cmpstr (mf_provider_find (domains[i][0]), ==, domains[i][1]);
}

static void
test_others_are_not (void)
{
  const char *domains[] = { "", "example.com", "notgmail.com", "gmail.com.example.com", "gmail",
                            "yahoo.co.jp", "mail.gmail.com", "gmail.com googlemail.com" };

  for (guint i = 0; i < G_N_ELEMENTS (domains); i++)
    g_assert_null (mf_provider_find (domains[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/provider/large-providers-are-known", test_large_providers_are_known);
  g_test_add_func ("/provider/others-are-not", test_others_are_not);
  return g_test_run ();
}
