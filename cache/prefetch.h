/* prefetch.h - what to fetch when nobody asks for anything.
 *
 * Shape:   first every folder that is not listed yet, then the bodies of folders that
 *          were ordered, then (all) every body that is not here, newest first, folder
 *          by folder; then nothing until something changes.
 * Threads: the caller's lock guards it.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"
#include "cache/readahead.h"

typedef struct _MfPrefetcher MfPrefetcher;

MfPrefetcher *mf_prefetcher_new (MfPrefetch mode);
void mf_prefetcher_free (MfPrefetcher *self);

/* There may be something new. */
void mf_prefetcher_restart (MfPrefetcher *self);
/* The next folder to be listed, else 0; a folder is offered once a restart. */
MfFolderId mf_prefetcher_unknown (MfPrefetcher *self, MfDb *db);
/* The next folder with bodies to fetch, else 0. */
MfFolderId mf_prefetcher_folder (MfPrefetcher *self, MfDb *db);
/* Appends some of that folder's to @out (MfWanted); FALSE when it has no more. */
gboolean mf_prefetcher_next (MfPrefetcher *self, MfDb *db, MfFolderId folder, GArray *out);
/* There is no room for more: from now on it is for messages to come. */
void mf_prefetcher_fill (MfPrefetcher *self);
/* It cannot be opened now. */
void mf_prefetcher_skip (MfPrefetcher *self, MfDb *db, MfFolderId folder);
/* There is no connection: an order goes on later, unless that happens too often. */
void mf_prefetcher_interrupt (MfPrefetcher *self, MfDb *db, MfFolderId folder);
/* The connection was lost while @uid was on its way. */
void mf_prefetcher_miss (MfPrefetcher *self, MfFolderId folder, guint32 uid);

/* Every body of @folder is wanted, up to @room_bytes, whatever the mode. */
void mf_prefetcher_order (MfPrefetcher *self, MfFolderId folder, guint64 room_bytes);
/* The folder whose order is being carried out, else 0. */
MfFolderId mf_prefetcher_ordered (MfPrefetcher *self);
