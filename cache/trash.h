/* trash.h - the folder that what is removed goes to.
 *
 * Shape:   the one with \Trash; where no folder has it, one that is called "Trash", in
 *          the root or in INBOX, and where there is none, it is made.
 * Threads: any; in the caller's transaction.
 * Errors:  MF_CACHE_ERROR.
 * Source:  RFC 6154.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"

/* *@out FALSE: there is another one, or none. */
gboolean mf_trash_is (MfDb *db, MfFolderId folder, gboolean *out, GError **error);
/* *@out_made: it is to be made on the server. */
gboolean mf_trash_get (MfDb *db, MfFolderId *out, gboolean *out_made, GError **error);
