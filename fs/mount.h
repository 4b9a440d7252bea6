/* mount.h - what every handler of a request needs to know of its mount.
 *
 * Shape:   one MfMount for the life of the process, the user data of libfuse's
 *          session.  Filled before the loop starts and not changed afterwards.
 */
#pragma once

#include "cache/cache.h"
#include "fs/backing.h"
#include "fs/census.h"
#include "fs/dropped.h"
#include "fs/echo.h"
#include "fs/events.h"
#include "fs/generation.h"
#include "fs/idset.h"
#include "fs/linked.h"
#include "fs/lowlevel.h"
#include "fs/notify.h"
#include "fs/opened.h"
#include "fs/places.h"
#include "fs/recent.h"
#include "fs/request.h"
#include "fs/syncer.h"
#include "fs/vacated.h"

/* The kernel may keep what it was told: changes are announced (notify.h). */
#define MF_TIMEOUT_LONG_S 86400.0
/* A folder's name may have gone for a moment that nobody was told of. */
#define MF_TIMEOUT_FOLDER_S 1.0

typedef struct
{
  const char *account; /* as given on the command line */
  MfCache *cache;
  struct fuse_session *session;
  MfRequests *requests;
  MfIdSet *hints;       /* of which the kernel may hold an inexact size; see file.c */
  MfIdSet *opened_once; /* see preload.h */
  MfNotify *notify;
  MfEvents *events;
  MfCensus *census; /* atomic; (nullable) until it is served */
  MfOpened *opened;
  MfEcho *echo; /* while it is served */
  MfLinked *linked;
  MfDropped *dropped;
  MfGenerations *generations;
  MfPlaces *places;
  MfRecent *recent;
  MfVacated *vacated;
  int private_fd; /* of privateroot.h */
  MfBacking *backing;
  MfSyncer *syncer;
  uid_t uid;
  gid_t gid;
  gboolean read_only;
  gboolean sync; /* a change is answered when the server has answered */
  gint64 started_s;
} MfMount;

static inline MfMount *
mf_mount_of (fuse_req_t req)
{
  return (MfMount *)fuse_req_userdata (req);
}
