/* mailbox.h - changes to mailboxes, and their quota.
 *
 * Shape:   one command each.
 * Threads: as session.h.
 * Errors:  as session.h; NOT_FOUND, EXISTS, DENIED; UNSUPPORTED for quota.
 * Source:  RFC 9051 sections 6.3.4 to 6.3.8; RFC 9208 (QUOTA).
 */
#pragma once

#include "proto/session.h"

gboolean mf_mailbox_create (MfRemote *self, const char *mailbox, MfSpecialUse use,
                            GCancellable *cancellable, GError **error);
gboolean mf_mailbox_delete (MfRemote *self, const char *mailbox, GCancellable *cancellable,
                            GError **error);
gboolean mf_mailbox_rename (MfRemote *self, const char *mailbox, const char *to,
                            GCancellable *cancellable, GError **error);
gboolean mf_mailbox_subscribe (MfRemote *self, const char *mailbox, gboolean on,
                               GCancellable *cancellable, GError **error);
/* Of several quotas the one with the least room. */
gboolean mf_mailbox_quota (MfRemote *self, const char *mailbox, MfQuota *out_quota,
                           GCancellable *cancellable, GError **error);
