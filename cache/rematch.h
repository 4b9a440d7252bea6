/* rematch.h - the messages of a mailbox that was made anew, found again.
 *
 * Shape:   with another UIDVALIDITY (restored, moved to another server, deleted and
 *          made again) the folder is `renumbered`: what the index has of it keeps
 *          its id, name, body and pending changes, and is shown, but has no UID;
 *          what the mailbox lists has one, and stands aside, shown nowhere.  Once
 *          the listing is complete, what is the same becomes one.  All of this is in
 *          the rows, so it goes on where it was after a crash.
 * Source:  what is the same has the same EMAILID; or, where the content is here, the
 *          same size and Message-ID, or digest; or else the same size and date, if
 *          as many have those as had.  A change is never made to what only may be
 *          the message that it was meant for.
 * Threads: the worker that pulls the folder, with its link.
 * Errors:  MF_REMOTE_ERROR or MF_CACHE_ERROR; what was found stays found.
 */
#pragma once

#include "cache/link.h"
#include "cache/settle.h"

/* Finds what can be found; what cannot is gone from the server.  The mailbox is open
 * and listed.  Waits for the network. */
gboolean mf_rematch_run (MfSettle *settle, MfLink *link, const MfFolder *folder, GError **error);
/* What is left aside is shown, and told: in the caller's transaction. */
gboolean mf_rematch_show_rest (MfSettle *settle, const MfFolder *folder, GError **error);
