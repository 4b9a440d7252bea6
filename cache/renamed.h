/* renamed.h - folders that another client has renamed, found in a listing.
 *
 * Shape:   a folder that is listed no more and a mailbox of the same UIDVALIDITY that was
 *          not there are taken for one.  Since there are servers on which all mailboxes
 *          have the same, its messages, and those of the folders below, are as those of
 *          a mailbox made anew: found again by what they are (rematch.h).
 * Threads: who pulls the tree; in the caller's transaction.
 * Errors:  MF_CACHE_ERROR.
 */
#pragma once

#include "cache/cache.h"
#include "cache/settle.h"

/* (transfer full) (element-type MfFolder): those with known messages that are none of the
 * mailboxes @listed. */
GPtrArray *mf_renamed_gone (MfDb *db, GHashTable *listed, GError **error);
/* @listed becomes the new name of one of @gone if it is one. */
gboolean mf_renamed_follow (MfSettle *settle, GPtrArray *gone, const MfRemoteFolder *listed,
                            GError **error);
