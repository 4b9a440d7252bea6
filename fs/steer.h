/* steer.h - what users write into .mailfs/ctl: a command a line.
 *
 * Shape:   online       try to reach the server now
 *          sync         send every change; the write returns when all are answered
 *          release      let the removals go that delete_guard holds
 *          restore      bring back what they were to remove
 *          discard N    forget the failed change N of .mailfs/queue
 * Threads: fuse; sync answers from a worker.
 * Errors:  a write fails as the command does: EINVAL for what is none.
 */
#pragma once

#include "fs/mount.h"

/* Answers a write of @size bytes. */
void mf_steer_write (fuse_req_t req, const char *bytes, size_t size);
