/* append.h - new messages to the server.
 *
 * Shape:   APPEND, streamed from the uploads' read functions byte for byte.  Several
 *          messages go as one MULTIAPPEND where the server has it, pipelined where
 *          it takes literals unasked and names the UIDs, else one by one.
 * Units:   bytes on the wire.
 * Threads: as session.h.
 * Errors:  as session.h; NOT_FOUND, QUOTA.  INVALID also when an upload gives fewer
 *          bytes than it promised: the session is dead then, for there is no way to
 *          take a half-sent message back.
 * Source:  RFC 9051 section 6.3.12, RFC 3502 (MULTIAPPEND), RFC 4315 (APPENDUID),
 *          RFC 7888 (literals).
 */
#pragma once

#include "proto/session.h"

/* Pipelined, the messages behind one that was refused may have been stored as
 * well: those have their out_uid. */
gboolean mf_append_run (MfRemote *self, const char *mailbox, MfUpload *uploads, guint n,
                        guint *out_done, guint32 *out_uidvalidity, GCancellable *cancellable,
                        GError **error);
