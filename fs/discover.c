#include "fs/discover.h"

#include "fs/provider.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#define PORT_IMAPS 993

static const struct
{
  const char *service;
  MfTls tls;
} services[] = { { "imaps", MF_TLS_IMPLICIT }, { "imap", MF_TLS_STARTTLS } };

static void
set_server (MfAddress *address, const char *host, guint16 port, MfTls tls)
{
  g_free (address->host);
  address->host = g_strdup (host);
  address->port = port;
  address->tls = tls;
}

/* ---- memory ----------------------------------------------------------- */

static void
remember (const MfAddress *address, const char *memory)
{
  g_autofree char *text = g_strdup_printf ("%s\n%u\n%s\n", address->host, address->port,
                                           services[address->tls == MF_TLS_STARTTLS].service);
  g_autofree char *dir = g_path_get_dirname (memory);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (dir, 0700);
  if (!g_file_set_contents_full (memory, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_info ("%s", error->message);
}

static gboolean
recall (MfAddress *address, const char *memory)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint64 port;

  if (!g_file_get_contents (memory, &text, NULL, NULL))
    return FALSE;
  lines = g_strsplit (text, "\n", 4);
  if (g_strv_length (lines) < 3
      || !g_ascii_string_to_unsigned (lines[1], 10, 1, G_MAXUINT16, &port, NULL))
    return FALSE;
  set_server (address, lines[0], (guint16)port,
              g_str_equal (lines[2], "imap") ? MF_TLS_STARTTLS : MF_TLS_IMPLICIT);
  return TRUE;
}

/* ---- SRV -------------------------------------------------------------- */

/* "." as the target says that the service is not offered. */
static gboolean
ask (MfAddress *address, guint i, GCancellable *cancellable, GError **error)
{
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  GList *targets = g_resolver_lookup_service (resolver, services[i].service, "tcp", address->domain,
                                              cancellable, error);
  GSrvTarget *target = targets != NULL ? targets->data : NULL;
  const char *host = target != NULL ? g_srv_target_get_hostname (target) : "";
  gboolean found = host[0] != '\0' && !g_str_equal (host, ".");

  if (found)
    set_server (address, host, g_srv_target_get_port (target), services[i].tls);
  else if (target != NULL)
    g_set_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "%s is not offered",
                 services[i].service);
  g_resolver_free_targets (targets);
  return found;
}

static gboolean
is_within (const char *host, const char *domain)
{
  gsize n_host = strlen (host), n_domain = strlen (domain);
  const char *tail;

  if (n_host < n_domain)
    return FALSE;
  tail = host + n_host - n_domain;
  return g_ascii_strcasecmp (tail, domain) == 0 && (tail == host || tail[-1] == '.');
}

static gboolean
is_no_record (const GError *error)
{
  return g_error_matches (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
}

/* That there is no record counts only when both questions had that answer. */
static gboolean
look_up (MfAddress *address, const char *memory, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) why = NULL;
  gboolean no_record;

  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    {
      g_autoptr (GError) problem = NULL;

      if (ask (address, i, cancellable, &problem))
        {
          remember (address, memory);
          return TRUE;
        }
      if (why == NULL || is_no_record (why))
        {
          g_clear_error (&why);
          why = g_steal_pointer (&problem);
        }
    }
  no_record = is_no_record (why);
  if (!no_record && !g_cancellable_is_cancelled (cancellable) && recall (address, memory))
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&why),
                              no_record
                                  ? "%s does not tell its IMAP server, mount imaps://USER@HOST: "
                                  : "the server of %s cannot be looked up now: ",
                              address->domain);
  return FALSE;
}

/* Whoever forges an answer can name a host of his own, and have a good certificate
 * for it, but not for a name in the domain. */
gboolean
mf_discover (MfAddress *address, const char *memory, GCancellable *cancellable, GError **error)
{
  const char *known = mf_provider_find (address->domain);

  if (known != NULL)
    {
      set_server (address, known, PORT_IMAPS, MF_TLS_IMPLICIT);
      return TRUE;
    }
  if (!look_up (address, memory, cancellable, error))
    return FALSE;
  if (!is_within (address->host, address->domain))
    address->tls_name = g_strdup (address->domain);
  return TRUE;
}
