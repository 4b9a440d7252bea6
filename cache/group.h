/* group.h - which journal entries go to the server together.
 *
 * Shape:   entries in order; a group starts with the first that may be sent and takes
 *          those alike after it.  It never overtakes a change of a folder, nor an
 *          earlier entry of the same message, be it as a copy or as what is copied.
 * Threads: the push worker.
 */
#pragma once

#include "cache/drafts.h"
#include "cache/entry.h"

typedef struct
{
  MfChangeKind kind;
  GArray *changes;   /* of MfChange */
  GArray *messages;  /* of MfMessage, one for each */
  MfFolderId home;   /* of all: where the server has them, or has the source of copies */
  MfFolderId target; /* of all */
  gboolean lost;     /* what the one entry is about is not even in the index */
} MfGroup;

#define MF_GROUP_INIT { 0 }
void mf_group_clear (MfGroup *group);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfGroup, mf_group_clear)

/* FALSE without @error: nothing may be sent now. */
gboolean mf_group_next (MfDb *db, MfDrafts *drafts, MfGroup *out, GError **error);

/* What is to be made on the server is still being written: it waits, be it a copy of
 * what is there, for who writes may mean something else in the end. */
gboolean mf_group_is_held (MfDrafts *drafts, const MfChange *change);

/* The lowest seq that the server has not answered, but for what is held and what waits for
 * that; G_MAXINT64: none. */
MfSeq mf_group_first_free (MfDb *db, MfDrafts *drafts);

/* Leaves the first @n, or takes out the @i-th: for another time. */
void mf_group_shorten (MfGroup *group, guint n);
void mf_group_drop (MfGroup *group, guint i);

/* The UIDs (of the messages, or of the sources of copies), as a set. */
MfUidSet *mf_group_uids (const MfGroup *group);
/* The UID of the @i-th. */
guint32 mf_group_uid (const MfGroup *group, guint i);
