/* discover.h - the server of a mail domain.
 *
 * Shape:   of a large provider it is known (provider.h).  Else SRV records tell it:
 *          of _imaps._tcp, else _imap._tcp.  What was found is kept in a file, for
 *          a start without the network.
 *          SRV records can be forged.  So a host outside the domain must have a
 *          certificate for the domain itself; who trusts it nevertheless says so by
 *          giving it as the account.
 * Threads: any; waits for the network.
 * Errors:  G_RESOLVER_ERROR; messages for the user.
 * Source:  RFC 6186 sections 3 and 6, RFC 7817 section 3, RFC 9525 section 3.
 */
#pragma once

#include "fs/address.h"

/* Fills host, port, tls and tls_name of @address from its domain.  @memory: the
 * file. */
gboolean mf_discover (MfAddress *address, const char *memory, GCancellable *cancellable,
                      GError **error);
