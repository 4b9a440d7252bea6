/* census.h - which folders there were when it was last told, to say what became of them.
 *
 * Shape:   a table of folders, compared with the cache one directory at a time.
 * Threads: any.  Its mutex is held while the cache is asked, that is over a lane.
 */
#pragma once

#include "cache/cache.h"
#include "fs/inode.h"

typedef enum
{
  MF_CENSUS_MADE,
  MF_CENSUS_RENAMED,
  MF_CENSUS_REMOVED,
} MfCensusChange;

/* All borrowed for the call. */
typedef struct
{
  MfCensusChange change;
  const char *path;   /* as in the tree */
  const char *before; /* (nullable) the one that it had */
  MfEntryName old;    /* (nullable) name: no folder, or another, is called so now */
} MfCensusNews;

/* With the mutex. */
typedef void (*MfCensusFunc) (const MfCensusNews *news, gpointer user_data);

typedef struct _MfCensus MfCensus;

MfCensus *mf_census_new (MfCache *cache);
void mf_census_free (MfCensus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfCensus, mf_census_free)

/* What became of the folders in @parent since the last time. */
void mf_census_update (MfCensus *self, MfFolderId parent, MfCensusFunc func, gpointer user_data);

/* "INBOX/Receipts"; "" for the root, and for what is in no directory.  (transfer full) */
char *mf_census_path (MfCache *cache, MfFolderId id);
