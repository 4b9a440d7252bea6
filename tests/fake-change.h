/* fake-change.h - the operations of remote.h that change what the server has. */
#pragma once

#include "tests/fake-session.h"

gboolean mf_fake_change_store (MfRemote *self, const MfUidSet *uids, gboolean add, MfFlags flags,
                               const char *keywords, const MfChangeSink *sink,
                               gpointer user_data, GCancellable *cancellable, GError **error);
gboolean mf_fake_change_store_labels (MfRemote *self, const MfUidSet *uids, gboolean add,
                                      const char *labels, GCancellable *cancellable,
                                      GError **error);
gboolean mf_fake_change_copy (MfRemote *self, const MfUidSet *uids, const char *mailbox,
                              MfCopied *out_copied, GCancellable *cancellable, GError **error);
gboolean mf_fake_change_move (MfRemote *self, const MfUidSet *uids, const char *mailbox,
                              MfCopied *out_copied, GCancellable *cancellable, GError **error);
gboolean mf_fake_change_expunge (MfRemote *self, const MfUidSet *uids, GCancellable *cancellable,
                                 GError **error);
gboolean mf_fake_change_append (MfRemote *self, const char *mailbox, MfUpload *uploads, guint n,
                                guint *out_done, guint32 *out_uidvalidity,
                                GCancellable *cancellable, GError **error);
gboolean mf_fake_change_create (MfRemote *self, const char *mailbox, MfSpecialUse use,
                                GCancellable *cancellable, GError **error);
gboolean mf_fake_change_delete (MfRemote *self, const char *mailbox, GCancellable *cancellable,
                                GError **error);
gboolean mf_fake_change_rename (MfRemote *self, const char *mailbox, const char *to,
                                GCancellable *cancellable, GError **error);
gboolean mf_fake_change_subscribe (MfRemote *self, const char *mailbox, gboolean on,
                                   GCancellable *cancellable, GError **error);
