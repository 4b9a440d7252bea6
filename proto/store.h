/* store.h - changes to messages that are on the server.
 *
 * Shape:   STORE, COPY, MOVE and EXPUNGE of sets of UIDs.  A set too long for one
 *          line becomes several commands; if one is refused the others are still
 *          tried, and the first refusal is the error.
 * Threads: as session.h.
 * Errors:  as session.h; READ_ONLY, UNSUPPORTED.
 * Source:  RFC 9051 sections 6.4.6 to 6.4.9, RFC 4315 (UIDPLUS), RFC 6851 (MOVE).
 */
#pragma once

#include "proto/session.h"

gboolean mf_store_flags (MfRemote *self, const MfUidSet *uids, gboolean add, MfFlags flags,
                         const char *keywords, const MfChangeSink *sink, gpointer user_data,
                         GCancellable *cancellable, GError **error);
gboolean mf_store_labels (MfRemote *self, const MfUidSet *uids, gboolean add, const char *labels,
                          GCancellable *cancellable, GError **error);
gboolean mf_store_copy (MfRemote *self, const MfUidSet *uids, const char *mailbox,
                        MfCopied *out_copied, GCancellable *cancellable, GError **error);
gboolean mf_store_move (MfRemote *self, const MfUidSet *uids, const char *mailbox,
                        MfCopied *out_copied, GCancellable *cancellable, GError **error);
gboolean mf_store_expunge (MfRemote *self, const MfUidSet *uids, GCancellable *cancellable,
                           GError **error);
