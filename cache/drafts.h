/* drafts.h - files with the content of messages that exist only here.
 *
 * Shape:   `outgoing/ID.VERSION` in the account's state, as the reader sees it; it
 *          counts when the message's row has `draft` set and that version.  Once a
 *          change is queued, its file is not written any more: who writes again
 *          works on the next version, which takes its place in the transaction
 *          that queues it.
 * Life:    a file is made inside the transaction that makes the row want it, or as
 *          the next version of one that is held; mf_drafts_sweep() removes what
 *          neither a row nor a writer wants.
 * Threads: any.
 * Errors:  MF_CACHE_ERROR_FULL, _CORRUPT.
 */
#pragma once

#include "cache/bodies.h"
#include "cache/cache.h"

typedef struct _MfDrafts MfDrafts;

MfDrafts *mf_drafts_open (const char *state_dir, GError **error);
void mf_drafts_close (MfDrafts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfDrafts, mf_drafts_close)

/* The file of @row, for reading: -1 with @error. */
int mf_drafts_open_file (MfDrafts *self, const MfMessage *row, GError **error);
/* Files that become those of @id in its version 0: empty, or with the content of
 * @body, or with that of @from's file. */
gboolean mf_drafts_create (MfDrafts *self, MfMsgId id, GError **error);
gboolean mf_drafts_write_body (MfDrafts *self, MfMsgId id, MfBody *body, GError **error);
gboolean mf_drafts_link (MfDrafts *self, const MfMessage *from, MfMsgId id, GError **error);
void mf_drafts_delete (MfDrafts *self, MfMsgId id, guint version);
/* The files' names survive a power cut. */
gboolean mf_drafts_sync (MfDrafts *self, GError **error);
/* Removes what is of no use. */
gboolean mf_drafts_sweep (MfDrafts *self, MfDb *db, GError **error);
/* (transfer full) (element-type MfDraftFile): every file that is there. */
typedef struct
{
  MfMsgId id;
  guint version;
} MfDraftFile;
GArray *mf_drafts_list (MfDrafts *self, GError **error);

/* ---- who is writing --------------------------------------------------- */

/* One more writer: nothing of the message is sent until the last has gone.  They
 * come and go in a transaction, so that others see in theirs who is there. */
void mf_drafts_hold (MfDrafts *self, MfMsgId id);
void mf_drafts_release (MfDrafts *self, MfMsgId id);
gboolean mf_drafts_is_held (MfDrafts *self, MfMsgId id);
gboolean mf_drafts_is_last (MfDrafts *self, MfMsgId id); /* one holder */
/* The file that the holders of @row write, made from @content (nullable: its own
 * file) by the first of them, or @in_place: its own file. */
int mf_drafts_edit (MfDrafts *self, const MfMessage *row, gboolean in_place, MfBody *content,
                    GError **error);
/* Its version; @row's own when nobody writes. */
guint mf_drafts_version (MfDrafts *self, const MfMessage *row);
/* Something was written that is not queued. */
gboolean mf_drafts_is_dirty (MfDrafts *self, MfMsgId id);
void mf_drafts_set_dirty (MfDrafts *self, MfMsgId id, gboolean dirty);
