/* steer.h - what users write into .mailfs/ctl: a command a write.
 *
 * Shape:   sync             send every change, bring every folder up to date; the write
 *                           returns when that is done
 *          offline          no session with the server until online or the next mount
 *          online           try to reach the server now
 *          retry            make every failed change anew
 *          discard N        forget the failed change N of .mailfs/queue
 *          release          let the removals go that delete_guard holds
 *          restore          bring back what they were to remove
 *          prefetch FOLDER  fetch every body of a folder; how many are to come is in status
 * Threads: fuse; sync answers from a worker.
 * Errors:  a write fails as the command does: EINVAL for what is none.
 */
#pragma once

#include "fs/mount.h"

/* Answers a write of @size bytes. */
void mf_steer_write (fuse_req_t req, const char *bytes, size_t size);
