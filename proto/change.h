/* change.h - FETCH and VANISHED replies on their way to a MfChangeSink.
 *
 * Shape:   one replies' reader, used again for each line.
 * Threads: any, one at a time.
 * Source:  RFC 7162 section 3.2.10 (VANISHED).
 */
#pragma once

#include "proto/meta.h"
#include "proto/reply.h"

/* A FETCH reply, by whichever parser understands it. */
gboolean mf_change_parse_fetch (const MfReply *reply, MfMeta *meta);

/* A VANISHED reply.  NULL when it is malformed. */
MfUidSet *mf_change_parse_vanished (const MfReply *reply, gboolean *out_is_earlier);

/* Each range of @gone. */
void mf_change_send_vanished (const MfUidSet *gone, const MfChangeSink *sink, gpointer user_data);
