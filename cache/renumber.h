/* renumber.h - the messages of a mailbox that was made anew lose their numbers.
 *
 * Shape:   what the index has of it stays to be seen under its name, but has no UID until
 *          rematch.h has found it.
 * Threads: any; in the caller's transaction.
 * Errors:  MF_CACHE_ERROR.
 */
#pragma once

#include "cache/settle.h"

gboolean mf_renumber_messages (MfSettle *settle, const MfFolder *folder, guint32 uidvalidity,
                               GError **error);
