/* census.h - which folders there were when it was last told, to say what became of them.
 *
 * Shape:   a table of folders, compared with the cache one directory at a time.
 * Threads: any.  Its mutex is held while the cache is asked, that is over a lane.
 */
#pragma once

#include "cache/cache.h"

typedef enum
{
  MF_CENSUS_MADE,
  MF_CENSUS_RENAMED,
  MF_CENSUS_REMOVED,
} MfCensusChange;

/* @path as in the tree; @before (nullable) the one that it had.  With the mutex. */
typedef void (*MfCensusFunc) (MfCensusChange change, const char *path, const char *before,
                              gpointer user_data);

typedef struct _MfCensus MfCensus;

MfCensus *mf_census_new (MfCache *cache);
void mf_census_free (MfCensus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfCensus, mf_census_free)

/* What became of the folders in @parent since the last time. */
void mf_census_update (MfCensus *self, MfFolderId parent, MfCensusFunc func, gpointer user_data);

/* "INBOX/Receipts"; "" for the root, and for what is in no directory.  (transfer full) */
char *mf_census_path (MfCache *cache, MfFolderId id);
