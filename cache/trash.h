/* trash.h - the folder that what is removed goes to.
 *
 * Shape:   the one with \Trash, even if no such folder is to be shown; where no folder
 *          has it, one that is called "Trash", in the root or in INBOX, and where there
 *          is none, it is made.
 * Threads: any; in the caller's transaction.
 * Errors:  MF_CACHE_ERROR.
 * Source:  RFC 6154.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"

/* *@out FALSE: there is another one, or none. */
gboolean mf_trash_is (MfDb *db, MfFolderId folder, gboolean *out, GError **error);
/* @out_changed: the directory that has other entries now, since it has a row for what it
 * had not, 0 none. */
gboolean mf_trash_get (MfDb *db, MfFolderId *out, MfFolderId *out_changed, GError **error);
/* The server's \Trash is not to be shown.  @mailbox: (nullable) there is no such one. */
gboolean mf_trash_set_left_out (MfDb *db, const char *mailbox, GError **error);
