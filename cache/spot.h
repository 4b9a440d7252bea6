/* spot.h - messages that the server's answers take from where readers see them, or bring
 * back there.
 *
 * Shape:   the row and its entries change in the caller's transaction; news is told
 *          after it.  Used by settle.h, which says when.
 * Threads: any.
 * Errors:  MF_CACHE_ERROR.
 * Source:  I7.
 */
#pragma once

#include "cache/settle.h"

/* Where @row is seen has changed, if it is. */
gboolean mf_spot_touch (MfSettle *self, const MfMessage *row, GError **error);
/* Every entry of @message but @except. */
gboolean mf_spot_forget_others (MfSettle *self, MfMsgId message, MfSeq except, GError **error);

/* ---- rows that go ----------------------------------------------------- */

/* With all entries but @except. */
gboolean mf_spot_remove (MfSettle *self, const MfMessage *row, MfSeq except, GError **error);
/* Content has to be in a file of its own before the server's copy is forgotten.  If there
 * is none, who writes the message will make it. */
gboolean mf_spot_make_draft (MfSettle *self, const MfMessage *row, GError **error);
/* Before @row, that @folder has, loses its UID: the name that readers know is given to it,
 * so that it stays. */
gboolean mf_spot_keep_base (MfSettle *self, const MfFolder *folder, const MfMessage *row,
                            GError **error);
/* To lost+found, with all entries but @except forgotten. */
gboolean mf_spot_lose (MfSettle *self, const MfMessage *row, MfSeq except, GError **error);

/* ---- rows that come back ---------------------------------------------- */

/* Gives @row the name @base (nullable, or "": a generated one) in its folder, as near as
 * may be: another may have it by now. */
gboolean mf_spot_restore_base (MfSettle *self, const char *base, MfMessage *row, GError **error);
/* Back to @folder, and to be seen, under the name @base that it had there (nullable: a
 * generated one, if the server has it there). */
gboolean mf_spot_return_to (MfSettle *self, const MfMessage *row, MfFolderId folder,
                            const char *base, GError **error);
gboolean mf_spot_return_home (MfSettle *self, const MfMessage *row, const char *base,
                              GError **error);
/* What waits for @message to be on the server, so as to be expunged, is to be seen
 * again, unless its folder has gone: all of it (0), or what was in @folder, to which
 * @message will never come. */
gboolean mf_spot_restore_superseded (MfSettle *self, MfMsgId message, MfFolderId folder,
                                     GError **error);
