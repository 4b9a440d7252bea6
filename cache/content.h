/* content.h - what the content of a message is told from others by.
 *
 * Shape:   its Message-ID, and a digest with line ends as LF (digest.h); here and,
 *          for the digest, on the server.
 * Threads: a worker with its link.
 */
#pragma once

#include "cache/link.h"
#include "cache/settle.h"

/* Of a Message-ID no more is kept: it is as long as its sender likes. */
#define MF_MESSAGE_ID_BYTES 1000

/* (transfer full) without blanks, "" when it has none;
 * NULL: there is no content here. */
char *mf_content_message_id (MfSettle *self, const MfMessage *row);
/* (transfer full) NULL: there is no content here. */
char *mf_content_digest (MfSettle *self, const MfMessage *row);
/* (transfer full) of @uid in the mailbox that is open; NULL without @error: it has no
 * content, with one: that is not known.  Waits for the network. */
char *mf_content_fetch_digest (MfLink *link, guint32 uid, GError **error);
