/* transfer.h - moves and copies of a group on their way to the server.
 *
 * Shape:   one command.  Without MOVE a move is a COPY, and an entry that removes the
 *          original follows.
 * Threads: the push worker.
 * Errors:  as sending.h.
 * Source:  RFC 6851; RFC 4315 section 3, COPYUID.
 */
#pragma once

#include "cache/sending.h"

/* @uids of the mailbox that is selected: where the group is at home. */
gboolean mf_transfer_send (MfSending *self, const MfUidSet *uids, GError **error);
