#include "fs/address.h"

#include <string.h>

static void
assert_address (const char *text, const char *user, const char *host, guint port, MfTls tls)
{
  g_auto (MfAddress) address = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (mf_address_is_address (text));
  mf_address_parse (text, &address, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (address.user, ==, user);
  g_assert_cmpstr (address.host, ==, host);
  g_assert_cmpuint (address.port, ==, port);
  g_assert_cmpint (address.tls, ==, tls);
}

static void
test_addresses_are_understood (void)
{
  assert_address ("imaps://example.com", NULL, "example.com", 993, MF_TLS_IMPLICIT);
  assert_address ("imap://u@Example.COM/", "u", "example.com", 143, MF_TLS_STARTTLS);
  assert_address ("imaps://u@example.com:9993", "u", "example.com", 9993, MF_TLS_IMPLICIT);
  assert_address ("imaps://u@example.com@imap.example.com", "u@example.com", "imap.example.com",
                  993, MF_TLS_IMPLICIT);
  assert_address ("imaps://u%40x%2Fy@h", "u@x/y", "h", 993, MF_TLS_IMPLICIT);
  assert_address ("imap://u@[::1]:1143", "u", "::1", 1143, MF_TLS_STARTTLS);
  assert_address ("imap://[fe80::1]", NULL, "fe80::1", 143, MF_TLS_STARTTLS);
}

static void
test_a_mail_address_names_a_domain (void)
{
  g_auto (MfAddress) address = { 0 }, foreign = { 0 };

  g_assert_true (mf_address_parse ("alice@example.com", &address, NULL));
  g_assert_cmpstr (address.user, ==, "alice@example.com");
  g_assert_cmpstr (address.domain, ==, "example.com");
  g_assert_null (address.host);
  g_assert_true (mf_address_parse ("a@büro.example", &foreign, NULL));
  g_assert_cmpstr (foreign.domain, ==, "xn--bro-hoa.example");
}

static void
test_bad_addresses_are_refused (void)
{
  const char *bad[] = {
    "http://h",      "imap://",       "imaps://u@",    "imaps://u@h:0", "imaps://u@h:65536",
    "imaps://u@h:x", "imaps://u@h:",  "imaps://u:p@h", "imaps://@h",    "imaps://u@h/INBOX",
    "imap://[::1",   "imap://[::1]x", "@example.com",  "alice@",        "alice@example.com:143",
    "imaps://u%@h",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (MfAddress) address = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_false (mf_address_parse (bad[i], &address, &error));
      g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
    }
}

static void
test_a_password_is_not_repeated (void)
{
  g_auto (MfAddress) address = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (mf_address_parse ("imaps://u:hunter2@h", &address, &error));
  g_assert_null (strstr (error->message, "hunter2"));
}

static void
assert_key (const char *text, const char *user, const char *expected)
{
  g_auto (MfAddress) address = { 0 };
  g_autofree char *key = NULL;

  g_assert_true (mf_address_parse (text, &address, NULL));
  key = mf_address_key (&address, user);
  g_assert_cmpstr (key, ==, expected);
}

static void
test_the_key_is_one_file_name (void)
{
  assert_key ("imaps://h", "u", "u@h");
  assert_key ("imap://u@h", "u", "u@h");
  assert_key ("imap://u@h:1143", "u", "u@h:1143");
  assert_key ("imap://u@[::1]:1143", "u", "u@[::1]:1143");
  assert_key ("imap://h", "../x", "%2E.%2Fx@h");
  assert_key ("alice@example.com", "alice@example.com", "alice@example.com");
  assert_key ("alice@example.com", "al", "al@example.com");
}

static void
test_names_are_no_addresses (void)
{
  g_assert_false (mf_address_is_address ("Work"));
  g_assert_false (mf_address_is_address ("example.com"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address/addresses-are-understood", test_addresses_are_understood);
  g_test_add_func ("/address/a-mail-address-names-a-domain", test_a_mail_address_names_a_domain);
  g_test_add_func ("/address/bad-addresses-are-refused", test_bad_addresses_are_refused);
  g_test_add_func ("/address/a-password-is-not-repeated", test_a_password_is_not_repeated);
  g_test_add_func ("/address/the-key-is-one-file-name", test_the_key_is_one_file_name);
  g_test_add_func ("/address/names-are-no-addresses", test_names_are_no_addresses);
  return g_test_run ();
}
