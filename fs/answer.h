/* answer.h - answering a request that has changed something.
 *
 * Shape:   at once; with -o sync when the server has answered, and with its error,
 *          interruptibly: what is interrupted stays queued.  What waits until a program
 *          has closed another message is not waited for.  When it fails then, the
 *          names that the request was about are taken back from the kernel.
 * Threads: fuse; the answer itself may come from a worker.
 */
#pragma once

#include "fs/inode.h"
#include "fs/mount.h"

/* TRUE: the mount is read-only, and that was the answer. */
gboolean mf_answer_read_only (fuse_req_t req);
/* @what: as for mf_errmap_report(). */
void mf_answer_error (fuse_req_t req, const GError *error, const char *what);

/* @message (0: a folder) was changed.  At most two @names, which are copied. */
void mf_answer_done (fuse_req_t req, MfMsgId message, const MfEntryName *names, guint n);
/* @name is there now, as @stat says. */
void mf_answer_entry (fuse_req_t req, MfMsgId message, const struct stat *stat, double timeout_s,
                      MfEntryName name);
