/* request.h - a FUSE request that waits for a worker, answered exactly once (I3).
 *
 * Shape:   parked by the dispatcher, then claimed by whoever is first: the worker
 *          that has the answer, the kernel's INTERRUPT (answered EINTR) or the end
 *          of the session (answered ENOTCONN).  The others find it claimed.
 * Memory:  two references: the worker's, given up by mf_request_done(), and the
 *          interrupt callback's, given up by whoever wins.
 * Threads: any; claim and done the same thread for one request.
 */
#pragma once

#include <glib.h>

#include "fs/lowlevel.h"

/* All requests that are parked now. */
typedef struct _MfRequests MfRequests;

MfRequests *mf_requests_new (void);
/* Only when every request is done. */
void mf_requests_free (MfRequests *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfRequests, mf_requests_free)

/* Answers what is still parked and returns when no answer is under way.  What is
 * parked afterwards is answered likewise at once.  Threads: any. */
void mf_requests_end (MfRequests *self);

typedef struct _MfRequest MfRequest;

/* (nullable) NULL: interrupted before it was parked, or after the end, and answered. */
MfRequest *mf_request_park (MfRequests *requests, fuse_req_t req);

/* The right to answer, or NULL when somebody else did. */
fuse_req_t mf_request_claim (MfRequest *self);
/* To be called once: after the answer, or when the claim came too late. */
void mf_request_done (MfRequest *self);
