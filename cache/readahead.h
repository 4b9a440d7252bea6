/* readahead.h - guessing which bodies a reader will want next.
 *
 * Shape:   opens in a row that go forward through one folder's cur/ or new/ are a
 *          walk: three steps in the order of ids (readdir, grep, an indexer), or six
 *          in that of names (ls, rsync).  A walk is planned ahead of its reader, up to
 *          a window in bytes; it ends when nobody follows it.
 * Threads: the caller's lock guards it.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"

typedef struct _MfReadahead MfReadahead;

/* A message to be fetched. */
typedef struct
{
  MfMsgId id;
  guint32 uid;
  guint64 wire_size;
} MfWanted;

MfReadahead *mf_readahead_new (void);
void mf_readahead_free (MfReadahead *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfReadahead, mf_readahead_free)

/* A reader opens @message.  TRUE: there is something to fetch ahead. */
gboolean mf_readahead_note (MfReadahead *self, const MfMessage *message);
/* The folder of the walk that has room in its window, 0 when there is none. */
MfFolderId mf_readahead_folder (MfReadahead *self);
/* A walk in @folder cannot go on. */
void mf_readahead_end (MfReadahead *self, MfFolderId folder);
/* Appends the next ones to fetch to @out; FALSE: nothing more now. */
gboolean mf_readahead_next (MfReadahead *self, MfDb *db, GArray *out, GError **error);
