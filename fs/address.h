/* address.h - the forms of ACCOUNT that name a server or a domain.
 *
 * Shape:   imaps://[user@]host[:port], imap://[user@]host[:port], user@domain.
 * Threads: any; pure.
 * Errors:  G_OPTION_ERROR_BAD_VALUE.
 * Source:  RFC 5092 (of which the path and the password are refused), RFC 6186.
 */
#pragma once

#include "cache/cache.h"

typedef struct
{
  char *user;   /* (nullable) not told */
  char *host;   /* (nullable) NULL: to be found from @domain */
  char *domain; /* (nullable) */
  char *tls_name; /* (nullable) what the certificate must be for; NULL: @host */
  guint16 port;
  MfTls tls; /* IMPLICIT or STARTTLS */
} MfAddress;

void mf_address_clear (MfAddress *address);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfAddress, mf_address_clear)

/* FALSE: it is the NAME of a group in the configuration. */
gboolean mf_address_is_address (const char *text);
gboolean mf_address_parse (const char *text, MfAddress *out_address, GError **error);

/* The name (transfer full) of the directory with the account's state: the same
 * however the account was written. */
char *mf_address_key (const MfAddress *address, const char *user);
/* What is mounted, for the kernel (transfer full): "imaps://user@host", with a domain
 * for the host that is still to be found. */
char *mf_address_source (const MfAddress *address, const char *user);
/* For people (transfer full): the same, or the mail address. */
char *mf_address_print (const MfAddress *address, const char *user);
