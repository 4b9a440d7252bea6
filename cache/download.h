/* download.h - fetching bodies of one folder into the cache.
 *
 * Shape:   one pipelined operation; asks its source for the next messages whenever
 *          the window has room, stores what comes in groups, and says of each message
 *          that it asked for, exactly once, what became of it.
 * Threads: one worker with its link and writer.
 * Errors:  MF_REMOTE_ERROR when the link failed; a message that did not come
 *          has an error of its own, which is MF_CACHE_ERROR.
 */
#pragma once

#include "cache/bodywriter.h"
#include "cache/link.h"
#include "cache/readahead.h"

typedef struct
{
  /* Appends MfWanted to the empty @batch; FALSE: no more now. */
  gboolean (*next) (GArray *batch, gpointer user_data);
  /* Somebody waits for this one: do not keep it for the group. */
  gboolean (*is_urgent) (MfMsgId id, gpointer user_data);
  /* Somebody is writing it: what comes is not its text any more. */
  gboolean (*is_held) (MfMsgId id, gpointer user_data);
  /* @message (nullable: gone from the index) is as stored now. */
  void (*done) (MfMsgId id, const MfMessage *message, const GError *error, gpointer user_data);
  /* @message is in another mailbox, or has another number, by now: not asked for. */
  void (*elsewhere) (const MfMessage *message, gpointer user_data);
} MfDownloadSource;

gboolean mf_download (MfDb *db, MfBodies *bodies, MfBodyWriter *writer, MfLink *link,
                      MfFolderId folder, const MfDownloadSource *source, gpointer user_data,
                      GError **error);
