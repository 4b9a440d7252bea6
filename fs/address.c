#include "fs/address.h"

#include "fs/name.h"

#include <string.h>

#define PORT_IMAPS 993
#define PORT_IMAP 143

void
mf_address_clear (MfAddress *address)
{
  g_clear_pointer (&address->user, g_free);
  g_clear_pointer (&address->host, g_free);
  g_clear_pointer (&address->domain, g_free);
  g_clear_pointer (&address->tls_name, g_free);
}

gboolean
mf_address_is_address (const char *text)
{
  return strstr (text, "://") != NULL || strchr (text, '@') != NULL;
}

static gboolean
fail (GError **error, const char *text)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
  return FALSE;
}

static gboolean
parse_user (const char *text, gsize size, MfAddress *address, GError **error)
{
  if (memchr (text, ':', size) != NULL)
    return fail (error, "a password in the address would be seen by everyone: use "
                        "password_command (and %3A for a colon in a user name)");
  address->user = g_uri_unescape_segment (text, text + size, NULL);
  if (address->user == NULL || address->user[0] == '\0')
    return fail (error, "the user name in the address cannot be read");
  return TRUE;
}

static gboolean
parse_port (const char *text, MfAddress *address, GError **error)
{
  guint64 port;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &port, NULL))
    return fail (error, "the port in the address is not a number from 1 to 65535");
  address->port = (guint16)port;
  return TRUE;
}

/* host, host:port, [v6], [v6]:port */
static gboolean
parse_host (const char *text, MfAddress *address, GError **error)
{
  gboolean bracketed = text[0] == '[';
  const char *end = bracketed ? strchr (text, ']') : strchrnul (text, ':');
  const char *rest;

  if (end == NULL || end == text)
    return fail (error, "the address has no host name");
  rest = bracketed ? end + 1 : end;
  address->host
      = bracketed ? g_strndup (text + 1, end - text - 1) : g_ascii_strdown (text, end - text);
  if (strpbrk (address->host, "/?# ") != NULL)
    return fail (error, "the address must end after host and port");
  if (rest[0] == ':')
    return parse_port (rest + 1, address, error);
  return rest[0] == '\0' || fail (error, "the host in the address cannot be read");
}

static gboolean
parse_url (const char *rest, MfAddress *address, GError **error)
{
  g_autofree char *server = g_strdup (rest);
  char *at;

  if (g_str_has_suffix (server, "/"))
    server[strlen (server) - 1] = '\0';
  at = strrchr (server, '@');
  if (at != NULL && !parse_user (server, at - server, address, error))
    return FALSE;
  return parse_host (at != NULL ? at + 1 : server, address, error);
}

static gboolean
parse_mail_address (const char *text, MfAddress *address, GError **error)
{
  const char *at = strrchr (text, '@');

  if (at == text || at[1] == '\0' || strpbrk (at, ":/ ") != NULL)
    return fail (error, "this is no mail address");
  address->domain = g_hostname_to_ascii (at + 1);
  if (address->domain == NULL)
    return fail (error, "the domain of the mail address cannot be read");
  address->user = g_strdup (text);
  return TRUE;
}

gboolean
mf_address_parse (const char *text, MfAddress *out_address, GError **error)
{
  g_auto (MfAddress) address = { .port = PORT_IMAPS, .tls = MF_TLS_IMPLICIT };
  const char *rest = strstr (text, "://");
  gboolean ok;

  if (g_str_has_prefix (text, "imap://"))
    address = (MfAddress){ .port = PORT_IMAP, .tls = MF_TLS_STARTTLS };
  else if (rest != NULL && !g_str_has_prefix (text, "imaps://"))
    return fail (error, "an address begins with imaps:// or imap://");

  if (rest != NULL)
    ok = parse_url (rest + strlen ("://"), &address, error);
  else
    ok = parse_mail_address (text, &address, error);
  if (!ok)
    return FALSE;
  *out_address = address;
  address = (MfAddress){ 0 };
  return TRUE;
}

static char *
print_server (const MfAddress *address)
{
  const char *host = address->domain != NULL ? address->domain : address->host;

  if (address->domain != NULL || address->port == PORT_IMAP || address->port == PORT_IMAPS)
    return g_strdup (host);
  return g_strdup_printf (strchr (host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, address->port);
}

/* The user of a mail address has the domain in it. */
char *
mf_address_key (const MfAddress *address, const char *user)
{
  g_autofree char *server = print_server (address);
  g_autofree char *key = NULL;

  if (address->domain != NULL && g_str_has_suffix (user, server))
    key = g_strdup (user);
  else
    key = g_strconcat (user, "@", server, NULL);
  return mf_name_escape (key);
}

char *
mf_address_source (const MfAddress *address, const char *user)
{
  g_autofree char *server = print_server (address);

  return g_strconcat (address->tls == MF_TLS_IMPLICIT ? "imaps://" : "imap://", user, "@", server,
                      NULL);
}

char *
mf_address_print (const MfAddress *address, const char *user)
{
  return address->domain != NULL ? g_strdup (user) : mf_address_source (address, user);
}
