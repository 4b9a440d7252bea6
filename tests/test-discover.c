/* DNS is played by a resolver that answers from a table. */
#include "fs/discover.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  GResolver parent;
} FakeResolver;

typedef GResolverClass FakeResolverClass;

static GType fake_resolver_get_type (void);
G_DEFINE_TYPE (FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static const char *imaps_host, *imap_host; /* (nullable) NULL: no record */
static gboolean is_down, is_half_down; /* for both questions; for the second */

static GList *
lookup_service (GResolver *resolver, const char *name, GCancellable *cancellable, GError **error)
{
  gboolean imaps = g_str_equal (name, "_imaps._tcp.example.com");
  const char *host = imaps ? imaps_host : imap_host;

  if (is_down || (is_half_down && !imaps))
    g_set_error_literal (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE, "no network");
  else if (host == NULL)
    g_set_error_literal (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no record");
  else
    return g_list_append (NULL, g_srv_target_new (host, imaps ? 993 : 1143, 0, 0));
  return NULL;
}

static void
fake_resolver_class_init (FakeResolverClass *class)
{
  class->lookup_service = lookup_service;
}

static void
fake_resolver_init (FakeResolver *self)
{
}

/* ---- claims ----------------------------------------------------------- */

static char *memory;

static gboolean
discover (const char *imaps, const char *imap, MfAddress *out_address, GError **error)
{
  imaps_host = imaps;
  imap_host = imap;
  g_assert_true (mf_address_parse ("alice@example.com", out_address, NULL));
  return mf_discover (out_address, memory, NULL, error);
}

static void
test_implicit_tls_comes_first (void)
{
  g_auto (MfAddress) both = { 0 }, one = { 0 }, refused = { 0 };

  g_assert_true (discover ("imap.example.com", "old.example.com", &both, NULL));
  g_assert_cmpstr (both.host, ==, "imap.example.com");
  g_assert_cmpuint (both.port, ==, 993);
  g_assert_cmpint (both.tls, ==, MF_TLS_IMPLICIT);

  g_assert_true (discover (NULL, "old.example.com", &one, NULL));
  g_assert_cmpstr (one.host, ==, "old.example.com");
  g_assert_cmpuint (one.port, ==, 1143);
  g_assert_cmpint (one.tls, ==, MF_TLS_STARTTLS);

  g_assert_true (discover (".", "old.example.com", &refused, NULL));
  g_assert_cmpstr (refused.host, ==, "old.example.com");
}

static void
test_a_domain_without_imap_is_told (void)
{
  g_auto (MfAddress) address = { 0 }, refused = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (discover (NULL, NULL, &address, &error));
  g_assert_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "example.com"));
  g_assert_null (address.host);
  g_assert_false (discover (".", ".", &refused, NULL));
}

static void
test_the_last_answer_is_remembered (void)
{
  g_auto (MfAddress) before = { 0 }, after = { 0 }, never = { 0 };

  g_assert_true (discover (NULL, "old.example.com", &before, NULL));
  is_down = TRUE;
  g_assert_true (discover (NULL, NULL, &after, NULL));
  g_assert_cmpstr (after.host, ==, "old.example.com");
  g_assert_cmpuint (after.port, ==, 1143);
  g_assert_cmpint (after.tls, ==, MF_TLS_STARTTLS);
  g_unlink (memory);
  g_assert_false (discover (NULL, NULL, &never, NULL));
  is_down = FALSE;
}

static void
test_a_failure_of_the_second_question_is_no_missing_record (void)
{
  g_auto (MfAddress) before = { 0 }, after = { 0 };

  g_assert_true (discover (NULL, "old.example.com", &before, NULL));
  is_half_down = TRUE;
  g_assert_true (discover (NULL, NULL, &after, NULL));
  g_assert_cmpstr (after.host, ==, "old.example.com");
  is_half_down = FALSE;
}

static void
test_a_host_elsewhere_must_be_certified_for_the_domain (void)
{
  const char *elsewhere[] = { "imap.example.net", "example.com.evil.net", "badexample.com", "com" };
  const char *within[] = { "imap.example.com", "a.b.EXAMPLE.com", "example.com" };

  for (guint i = 0; i < G_N_ELEMENTS (elsewhere); i++)
    {
      g_auto (MfAddress) address = { 0 };

      g_assert_true (discover (elsewhere[i], NULL, &address, NULL));
      g_assert_cmpstr (address.host, ==, elsewhere[i]);
      g_assert_cmpstr (address.tls_name, ==, "example.com");
    }
  for (guint i = 0; i < G_N_ELEMENTS (within); i++)
    {
      g_auto (MfAddress) address = { 0 };

      g_assert_true (discover (within[i], NULL, &address, NULL));
      g_assert_null (address.tls_name);
    }
}

/* What is remembered is trusted no more than an answer. */
static void
test_a_host_from_memory_must_be_certified_too (void)
{
  g_auto (MfAddress) before = { 0 }, after = { 0 };

  g_assert_true (discover ("imap.example.net", NULL, &before, NULL));
  is_down = TRUE;
  g_assert_true (discover (NULL, NULL, &after, NULL));
  g_assert_cmpstr (after.tls_name, ==, "example.com");
  is_down = FALSE;
}

static void
test_a_large_provider_needs_no_look_up (void)
{
  g_auto (MfAddress) address = { 0 };

  is_down = TRUE;
  g_assert_true (mf_address_parse ("alice@gmail.com", &address, NULL));
  g_assert_true (mf_discover (&address, "/no/such/file", NULL, NULL));
  g_assert_cmpstr (address.host, ==, "imap.gmail.com");
  g_assert_cmpuint (address.port, ==, 993);
  g_assert_null (address.tls_name);
  is_down = FALSE;
}

int
main (int argc, char **argv)
{
  g_autofree char *dir = NULL;
  g_autoptr (GResolver) resolver = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  dir = g_dir_make_tmp ("mailfs-discover-XXXXXX", NULL);
  memory = g_build_filename (dir, "server", NULL);
  resolver = g_object_new (fake_resolver_get_type (), NULL);
  g_resolver_set_default (resolver);
  g_test_add_func ("/discover/implicit-tls-comes-first", test_implicit_tls_comes_first);
  g_test_add_func ("/discover/a-domain-without-imap-is-told", test_a_domain_without_imap_is_told);
  g_test_add_func ("/discover/the-last-answer-is-remembered", test_the_last_answer_is_remembered);
  g_test_add_func ("/discover/a-failure-of-the-second-question-is-no-missing-record",
                   test_a_failure_of_the_second_question_is_no_missing_record);
  g_test_add_func ("/discover/a-host-elsewhere-must-be-certified-for-the-domain",
                   test_a_host_elsewhere_must_be_certified_for_the_domain);
  g_test_add_func ("/discover/a-host-from-memory-must-be-certified-too",
                   test_a_host_from_memory_must_be_certified_too);
  g_test_add_func ("/discover/a-large-provider-needs-no-look-up",
                   test_a_large_provider_needs_no_look_up);
  status = g_test_run ();
  g_unlink (memory);
  g_rmdir (dir);
  g_free (memory);
  return status;
}
