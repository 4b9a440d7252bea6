/* folders.h - the rows of table `folder`.
 *
 * Shape:   a tree; a row with a mailbox is the server's, one without is the root.
 * Threads: any; takes the lane it is given.
 * Errors:  MF_CACHE_ERROR.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"

gboolean mf_folders_get (MfDb *db, MfFolderId id, MfFolder *out, GError **error);
gboolean mf_folders_get_child (MfDb *db, MfFolderId parent, const char *name, MfFolder *out,
                               GError **error);
gboolean mf_folders_get_mailbox (MfDb *db, const char *mailbox, MfFolder *out, GError **error);
/* (transfer full) (element-type MfFolder), ascending by id. */
GPtrArray *mf_folders_children (MfDb *db, MfFolderId parent, GError **error);
GPtrArray *mf_folders_all (MfDb *db, GError **error);
gboolean mf_folders_find_use (MfDb *db, MfSpecialUse use, MfFolder *out, GError **error);

/* Makes the row of @listed, and plain ones for the parents that it lacks, or
 * brings it up to date.  @out_changed: the directory that has other entries now, 0
 * none: the parent of the topmost row made, or the folder itself when it can have
 * messages now or no longer can. */
gboolean mf_folders_put (MfDb *db, const MfRemoteFolder *listed, MfFolderId *out_id,
                         MfFolderId *out_changed, GError **error);
/* The row and all its messages; child folders must be gone. */
gboolean mf_folders_remove (MfDb *db, MfFolderId id, GError **error);

/* The index is complete up to @status's UIDNEXT and HIGHESTMODSEQ. */
gboolean mf_folders_set_synced (MfDb *db, MfFolderId id, const MfMailboxStatus *status,
                                GError **error);
/* A part of that, while the first listing is under way. */
gboolean mf_folders_set_uidnext (MfDb *db, MfFolderId id, guint32 uidnext, GError **error);
gboolean mf_folders_set_modseq (MfDb *db, MfFolderId id, guint64 highestmodseq, GError **error);
/* All flags are asked for again. */
gboolean mf_folders_forget_modseq (MfDb *db, MfFolderId id, GError **error);
/* A new UIDVALIDITY: a new tag for generated names, everything is to be listed. */
gboolean mf_folders_set_validity (MfDb *db, const MfFolder *folder, guint32 uidvalidity,
                                  GError **error);
/* What is in the index has no UIDs until then (rematch.h). */
gboolean mf_folders_set_renumbered (MfDb *db, MfFolderId id, GError **error);
/* (transfer full) (element-type MfFolderId): of such folders. */
GArray *mf_folders_ids_renumbered (MfDb *db, GError **error);
/* The UIDVALIDITY of a folder that had none: what is in the index stays. */
gboolean mf_folders_learn_validity (MfDb *db, const MfFolder *folder, guint32 uidvalidity,
                                    GError **error);
/* Counts messages and unseen from the index. */
gboolean mf_folders_count (MfDb *db, MfFolderId id, GError **error);

/* Moves the time of last change of a place, or of the directory itself. */
gboolean mf_folders_touch (MfDb *db, MfFolderId id, MfPlace place, GError **error);
gboolean mf_folders_touch_tree (MfDb *db, MfFolderId id, GError **error);

/* ---- changes made here ------------------------------------------------ */

/* That name alone is the same in upper and lower case. */
gboolean mf_folders_is_inbox (MfFolderId parent, const char *component);

/* The server's hierarchy delimiter, '/' until one is known. */
char mf_folders_delimiter (MfDb *db);

/* A folder without a mailbox yet. */
gboolean mf_folders_insert_local (MfDb *db, MfFolderId parent, const char *name,
                                  MfFolderId *out_id, GError **error);
/* Out of the tree, until the server has removed it too. */
gboolean mf_folders_hide (MfDb *db, const MfFolder *folder, GError **error);
gboolean mf_folders_move (MfDb *db, const MfFolder *folder, MfFolderId parent, const char *name,
                          GError **error);
/* The server calls it @mailbox now; what is below it follows. */
gboolean mf_folders_set_mailbox (MfDb *db, const MfFolder *folder, const char *mailbox,
                                 GError **error);
/* Back to where its mailbox says. */
gboolean mf_folders_revert (MfDb *db, const MfFolder *folder, GError **error);
/* A folder whose name was taken when it came back has it now that it is free. */
gboolean mf_folders_reclaim_name (MfDb *db, const MfFolder *folder, gboolean *out_reclaimed,
                                  GError **error);
