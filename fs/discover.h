/* discover.h - the server of a mail domain.
 *
 * Shape:   SRV records of _imaps._tcp, else _imap._tcp.  What was found is kept
 *          in a file, for a start without the network.
 * Threads: any; waits for the network.
 * Errors:  G_RESOLVER_ERROR; messages for the user.
 * Source:  RFC 6186.
 */
#pragma once

#include "fs/address.h"

/* Fills host, port and tls of @address from its domain.  @memory: the file. */
gboolean mf_discover (MfAddress *address, const char *memory, GCancellable *cancellable,
                      GError **error);
