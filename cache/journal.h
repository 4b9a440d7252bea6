/* journal.h - the queue of local changes that the server is to be told.
 *
 * Shape:   one queue per account, in table `change`.  An entry says what is to become
 *          of a message or a folder; where the server has that message is in the
 *          message's row.  Entries of one message keep their order, and all keep
 *          theirs relative to changes of folders; the rest may be sent together.
 *          A change of what has not been sent yet changes the entry: what comes to
 *          nothing leaves no trace.  What becomes of the entries is in pending.h.
 * Threads: any; inside the caller's transaction (I4).
 * Errors:  MF_CACHE_ERROR_FULL, _CORRUPT.
 * Source:  docs/design.md, I4.
 */
#pragma once

#include "cache/entry.h"

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
/* @original goes, which a move by COPY has left behind, once @copy is on the server: the
 * entry has @copy as its source, those for what a message has taken the place of have none. */
gboolean mf_journal_left_behind (MfDb *db, MfMsgId original, MfMsgId copy, GError **error);
/* "FOLDER is made, renamed, ...": @parent, @name (nullable) for the first two.  The
 * last change of a folder that is not sent yet is changed instead. */
gboolean mf_journal_folder (MfDb *db, MfChangeKind kind, MfFolderId folder, MfFolderId parent,
                            const char *name, GError **error);
/* "FOLDER is removed".  @out_nothing: as mf_journal_expunge(). */
gboolean mf_journal_remove_folder (MfDb *db, MfFolderId folder, gboolean *out_nothing,
                                   GError **error);
