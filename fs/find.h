/* find.h - the message that a file name in cur/ or new/ means.
 *
 * Shape:   a name is found under any flags and in either place, so that a reader
 *          who listed the directory before another client changed a flag does
 *          not fail; such a name is stale: found, but not the message's name.
 * Threads: any.
 * Errors:  MF_CACHE_ERROR_NOT_FOUND, MF_CACHE_ERROR_CORRUPT.
 */
#pragma once

#include "cache/cache.h"

gboolean mf_find_message (MfCache *cache, const MfFolder *folder, MfPlace place,
                          const char *file_name, MfMessage *out_message, gboolean *out_stale,
                          GError **error);

/* The child folder of that file name. */
gboolean mf_find_folder (MfCache *cache, MfFolderId parent, const char *file_name,
                         MfFolder *out_folder, GError **error);
