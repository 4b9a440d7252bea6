/* syncer.h - fsync(2) where nobody else waits for it.
 *
 * Shape:   threads that write a file's data to the disk and then answer.  A signal
 *          does not cut it short, as on any local file system: those who sync take
 *          an interrupted call for a failed one.
 * Threads: push: fuse.  free: after the last request, before the session is closed.
 */
#pragma once

#include <glib.h>

#include "fs/lowlevel.h"

typedef struct _MfSyncer MfSyncer;

MfSyncer *mf_syncer_new (void);
/* Returns when everything is answered. */
void mf_syncer_free (MfSyncer *self);

/* @fd is duplicated.  @data_only: as fdatasync(2). */
void mf_syncer_push (MfSyncer *self, fuse_req_t req, int fd, gboolean data_only);
