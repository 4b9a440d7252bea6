/* list.h - all mailboxes of the account.
 *
 * Shape:   the lines are collected, since what belongs to one mailbox comes in
 *          up to three of them (LIST, LSUB, STATUS), then handed out in the
 *          server's order.
 * Threads: as session.h.
 * Source:  RFC 9051 section 6.3.9, RFC 5258 (LIST-EXTENDED), RFC 5819
 *          (LIST-STATUS), RFC 6154 (SPECIAL-USE).
 */
#pragma once

#include "proto/session.h"

gboolean mf_list_run (MfRemote *self, gboolean with_status,
                      void (*folder) (const MfRemoteFolder *, gpointer), gpointer user_data,
                      GCancellable *cancellable, GError **error);
