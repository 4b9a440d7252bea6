/* messages.h - the rows of table `message`.
 *
 * Threads: any; takes the lane it is given.
 * Errors:  MF_CACHE_ERROR.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"

gboolean mf_messages_get (MfDb *db, MfMsgId id, MfMessage *out, GError **error);
/* By where the server has it. */
gboolean mf_messages_get_uid (MfDb *db, MfFolderId home, guint32 uid, MfMessage *out,
                              GError **error);
/* By the name it was given: tmp/ has names of its own, cur/ and new/ share theirs. */
gboolean mf_messages_get_base (MfDb *db, MfFolderId folder, gboolean in_tmp, const char *base,
                               MfMessage *out, GError **error);
gboolean mf_messages_list (MfDb *db, MfFolderId folder, MfPlace place, MfMsgId after,
                           gboolean (*func) (const MfMessage *message, gpointer user_data),
                           gpointer user_data, GError **error);

/* A deep copy, to keep or to announce. */
void mf_message_copy (const MfMessage *from, MfMessage *to);

/* A message that the server has, shown in @folder, or nowhere yet (0): in new/ when it
 * has no flag. */
gboolean mf_messages_insert_remote (MfDb *db, MfFolderId folder, MfFolderId home,
                                    const MfRemoteMessage *remote, MfMsgId *out_id,
                                    GError **error);
/* Flags, keywords, labels and MODSEQ as the server says; place follows. */
gboolean mf_messages_update_remote (MfDb *db, MfMessage *message, const MfRemoteMessage *remote,
                                    GError **error);
gboolean mf_messages_set_exact (MfDb *db, MfMsgId id, guint64 size, GError **error);
gboolean mf_messages_remove (MfDb *db, MfMsgId id, GError **error);

/* (transfer full): UIDs that the index knows in the server's folder @home. */
MfUidSet *mf_messages_uids (MfDb *db, MfFolderId home, GError **error);
gboolean mf_messages_count_uids (MfDb *db, MfFolderId home, gint64 *out, GError **error);
/* The highest of them, 0 for none. */
gboolean mf_messages_last_uid (MfDb *db, MfFolderId home, guint32 *out, GError **error);
/* Ids of those with a UID from @first to @last, by UID. */
GArray *mf_messages_ids_between (MfDb *db, MfFolderId home, guint32 first, guint32 last,
                                 GError **error);

/* Ids of those that wait for a UID in @home, of those that are listed aside there. */
GArray *mf_messages_ids_unnumbered (MfDb *db, MfFolderId home, GError **error);
GArray *mf_messages_ids_aside (MfDb *db, MfFolderId home, GError **error);
/* Ids of all that are shown in the folder, or that the server has there. */
GArray *mf_messages_ids_of (MfDb *db, MfFolderId folder, GError **error);

/* ---- rows of what happens here ---------------------------------------- */

/* A message that only exists here: everything but id, home and uid of @message. */
gboolean mf_messages_insert_local (MfDb *db, const MfMessage *message, MfMsgId *out_id,
                                   GError **error);
/* Folder, place, base, flags and keywords as in @message. */
gboolean mf_messages_store_spot (MfDb *db, const MfMessage *message, GError **error);
/* Where the server has it (0, 0: nowhere).  Another row that was there goes. */
gboolean mf_messages_set_home (MfDb *db, MfMsgId id, MfFolderId home, guint32 uid,
                               GError **error);
typedef enum
{
  MF_DRAFT_NONE,
  MF_DRAFT_ONLY,     /* its content is nowhere else */
  MF_DRAFT_UPLOADED, /* the server has it as well */
} MfDraftKind;
gboolean mf_messages_set_draft (MfDb *db, MfMsgId id, MfDraftKind draft, guint version,
                                GError **error);
/* (element-type MfMsgId): of this kind. */
GArray *mf_messages_drafts (MfDb *db, MfDraftKind draft, GError **error);
gboolean mf_messages_set_date (MfDb *db, MfMsgId id, gint64 internaldate, GError **error);
/* Moves home and UID of @message to a new row that is shown nowhere, and is
 * otherwise like it but for name and content: what the server has is to go, what
 * is here stays. */
gboolean mf_messages_split_remote (MfDb *db, const MfMessage *message, MfMsgId *out_tombstone,
                                   GError **error);
/* @base, or @base with a number, cut where that is too long, as no other message of the
 * folder has it. */
char *mf_messages_free_base (MfDb *db, MfFolderId folder, const char *base, GError **error);
