/* pending.h - the entries that the journal has, and how far they are.
 *
 * Shape:   looked up by seq, by state, by message or by folder; settled one at a time, as
 *          the server answers.  An entry is QUEUED by journal.h; the edges from there are
 *          drawn in docs/design.md.
 * Units:   `seq` as in entry.h.
 * Threads: any; what settles, inside the caller's transaction (I5).
 * Errors:  MF_CACHE_ERROR_FULL, _CORRUPT.  What returns none is TRUE, or 0, where it cannot
 *          be read.
 * Source:  docs/design.md, I5.
 */
#pragma once

#include "cache/entry.h"

/* ---- looking up ------------------------------------------------------- */

/* (transfer full) (element-type MfChange), by seq, those in @state only. */
GArray *mf_pending_list (MfDb *db, MfChangeState state, GError **error);
/* The entry as it is now; *@out_found FALSE: there is none. */
gboolean mf_pending_get (MfDb *db, MfSeq seq, MfChange *out, gboolean *out_found, GError **error);
guint mf_pending_count (MfDb *db, MfChangeState state);
/* The lowest seq that the server has not answered, G_MAXINT64 when there is none; the
 * highest there ever was. */
MfSeq mf_pending_first (MfDb *db);
MfSeq mf_pending_last (MfDb *db);
gboolean mf_pending_is_sent (MfDb *db, MfMsgId message, gboolean *out_sent, GError **error);
/* TRUE when an entry, sent or not, gives @message a new place on the server. */
gboolean mf_pending_is_moving (MfDb *db, MfMsgId message, gboolean *out_moving, GError **error);
/* What @message is to be a copy of, 0: of nothing. */
gboolean mf_pending_source (MfDb *db, MfMsgId message, MfMsgId *out_source, GError **error);
/* What pending changes make of flags that the server tells. */
gboolean mf_pending_merge_flags (MfDb *db, MfMsgId message, MfFlags *flags, char **keywords,
                                 GError **error);
/* What flags were without changes that are not sent, and will not be once @message goes. */
gboolean mf_pending_undo_flags (MfDb *db, MfMsgId message, MfFlags *flags, char **keywords,
                                GError **error);
/* Of @message, which goes once another is on the server: that one, if it is not there yet. */
gboolean mf_pending_successor (MfDb *db, MfMsgId message, MfMsgId *out, GError **error);
/* Something may have arrived in @folder that is not known to be ours yet. */
gboolean mf_pending_is_unsettled (MfDb *db, MfFolderId folder);
gboolean mf_pending_has_folder_changes (MfDb *db);
/* A number that grows with every change of a folder that is made or answered, and who
 * makes or answers one tells so. */
MfSeq mf_pending_last_of_folders (MfDb *db);
gboolean mf_pending_count_folder_change (MfDb *db, GError **error);

/* ---- settling --------------------------------------------------------- */

gboolean mf_pending_set_state (MfDb *db, MfSeq seq, MfChangeState state, const char *why,
                               GError **error);
/* Marks the entry SENT, with what is noted, unless it is not QUEUED any more or says
 * something else than @as_seen: then *@out_marked is FALSE. */
gboolean mf_pending_mark_sent (MfDb *db, const MfChange *as_seen, guint32 uidnext,
                               const char *digest, gboolean *out_marked, GError **error);
/* What was sent did not happen. */
gboolean mf_pending_queue_again (MfDb *db, const MfChange *change, GError **error);
/* An entry of flags says what @change does, and no more: it goes if that is nothing. */
gboolean mf_pending_set_flags (MfDb *db, const MfChange *change, GError **error);
/* Refused for good: FAILED, in the place of earlier failures of that kind. */
gboolean mf_pending_set_failed (MfDb *db, const MfChange *change, const char *why, GError **error);
gboolean mf_pending_remove (MfDb *db, MfSeq seq, GError **error);
/* What is sent or done for @from is for @to, and so is what has it as its source.  Its own
 * that were not sent are dropped, but for a move: @from is uploaded in its place. */
gboolean mf_pending_hand_over (MfDb *db, MfMsgId from, MfMsgId to, GError **error);
/* All entries of a message: it is gone. */
gboolean mf_pending_forget (MfDb *db, MfMsgId message, GError **error);
