/* journal.h - local changes that the server has not confirmed yet.
 *
 * Shape:   one queue per account, in table `change`.  An entry says what is to become
 *          of a message or a folder; where the server has that message is in the
 *          message's row.  Entries of one message keep their order, and all keep
 *          theirs relative to changes of folders; the rest may be sent together.
 *          A change of what has not been sent yet changes the entry: what comes to
 *          nothing leaves no trace.
 * Threads: any; inside the caller's transaction (I4).
 * Errors:  MF_CACHE_ERROR_FULL, _CORRUPT.
 * Source:  docs/design.md, I4 and I5.
 */
#pragma once

#include "cache/entry.h"

/* ---- writing ---------------------------------------------------------- */

/* "MESSAGE gets and loses flags": merges into an entry that is not sent.
 * Keywords (nullable) as in MfMessage. */
gboolean mf_journal_flags (MfDb *db, MfMsgId message, MfFlags add, MfFlags remove,
                           const char *add_keywords, const char *remove_keywords, GError **error);
/* @message was renamed in its folder, together with a change of its flags: @base (nullable: a
 * generated one) comes back if that is taken back; or @alone, which nothing takes back. */
gboolean mf_journal_renamed (MfDb *db, MfMsgId message, const char *base, gboolean alone,
                             GError **error);
/* "MESSAGE goes to FOLDER": from its home, or on its way there. */
gboolean mf_journal_move (MfDb *db, const MfMessage *message, MfFolderId folder, gboolean removal,
                          GError **error);
/* "MESSAGE is made in FOLDER", of the draft or of @source.  What is already to be
 * made is made of the draft then, where it was to be. */
gboolean mf_journal_append (MfDb *db, MfMsgId message, MfFolderId folder, GError **error);
gboolean mf_journal_copy (MfDb *db, MfMsgId message, MfMsgId source, MfFolderId folder,
                          GError **error);
/* @copy is to be of what the draft says now, in its place among the others; its flags
 * travel with it. */
gboolean mf_journal_upload_instead (MfDb *db, const MfChange *copy, GError **error);
/* "MESSAGE goes away", once @after (0: nothing) is on the server.  @out_nothing:
 * the server has never heard of it: the caller removes the row at once, and what waits for
 * it waits for @after in its place. */
gboolean mf_journal_expunge (MfDb *db, const MfMessage *message, MfMsgId after, gboolean removal,
                             gboolean *out_nothing, GError **error);
/* "FOLDER is made, renamed, ...": @parent, @name (nullable) for the first two.  The
 * last change of a folder that is not sent yet is changed instead. */
gboolean mf_journal_folder (MfDb *db, MfChangeKind kind, MfFolderId folder, MfFolderId parent,
                            const char *name, GError **error);
/* "FOLDER is removed".  @out_nothing: as mf_journal_expunge(). */
gboolean mf_journal_remove_folder (MfDb *db, MfFolderId folder, gboolean *out_nothing,
                                   GError **error);

/* ---- reading ---------------------------------------------------------- */

/* (transfer full) (element-type MfChange), by seq, those in @state only. */
GArray *mf_journal_list (MfDb *db, MfChangeState state, GError **error);
/* The entry as it is now; *@out_found FALSE: there is none. */
gboolean mf_journal_get (MfDb *db, MfSeq seq, MfChange *out, gboolean *out_found, GError **error);
gboolean mf_journal_is_sent (MfDb *db, MfMsgId message, gboolean *out_sent, GError **error);
/* TRUE when an entry, sent or not, gives @message a new place on the server. */
gboolean mf_journal_is_moving (MfDb *db, MfMsgId message, gboolean *out_moving, GError **error);
/* What @message is to be a copy of, 0: of nothing. */
gboolean mf_journal_source (MfDb *db, MfMsgId message, MfMsgId *out_source, GError **error);
/* What pending changes make of flags that the server tells. */
gboolean mf_journal_merge_flags (MfDb *db, MfMsgId message, MfFlags *flags, char **keywords,
                                 GError **error);
/* Something may have arrived in @folder that is not known to be ours yet. */
gboolean mf_journal_is_unsettled (MfDb *db, MfFolderId folder);
guint mf_journal_count (MfDb *db, MfChangeState state);
gboolean mf_journal_has_folder_changes (MfDb *db);
/* Grows with every change of a folder that is made or answered. */
MfSeq mf_journal_last_of_folders (MfDb *db);
gboolean mf_journal_count_folder_change (MfDb *db, GError **error);

/* ---- settling --------------------------------------------------------- */

gboolean mf_journal_set_state (MfDb *db, MfSeq seq, MfChangeState state, const char *why,
                               GError **error);
/* Marks the entry SENT, with what is noted, unless it is not QUEUED any more or says
 * something else than @as_seen: then *@out_marked is FALSE. */
gboolean mf_journal_mark_sent (MfDb *db, const MfChange *as_seen, guint32 uidnext,
                               const char *digest, gboolean *out_marked, GError **error);
/* What was sent did not happen. */
gboolean mf_journal_queue_again (MfDb *db, const MfChange *change, GError **error);
/* An entry of flags says no more than @change any longer: the rest has been done. */
gboolean mf_journal_narrow (MfDb *db, const MfChange *change, GError **error);
/* Refused for good: FAILED, in the place of earlier failures of that kind. */
gboolean mf_journal_set_failed (MfDb *db, const MfChange *change, const char *why, GError **error);
gboolean mf_journal_remove (MfDb *db, MfSeq seq, GError **error);
/* @original goes, which a move by COPY has left behind, once @copy is on the server: the
 * entry has @copy as its source, those for what a message has taken the place of have none. */
gboolean mf_journal_left_behind (MfDb *db, MfMsgId original, MfMsgId copy, GError **error);
/* What is sent or done for @from is for @to, and so is what has it as its source.  Its own
 * that were not sent are dropped, but for a move: @from is uploaded in its place. */
gboolean mf_journal_hand_over (MfDb *db, MfMsgId from, MfMsgId to, GError **error);
/* The lowest seq that the server has not answered, G_MAXINT64 when there is none; the
 * highest there ever was. */
MfSeq mf_journal_first (MfDb *db);
MfSeq mf_journal_last (MfDb *db);
/* All entries of a message: it is gone. */
gboolean mf_journal_forget (MfDb *db, MfMsgId message, GError **error);
