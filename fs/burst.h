/* burst.h - changes that the kernel is told of together.
 *
 * Shape:   begin; any number of changes, in their order; end, which tells the
 *          directories, each once.  Messages that came, went or changed their names
 *          are told by an echo (echo.h), up to MF_BURST_MOST of a directory; beyond
 *          that names are forgotten, and the directory is touched.
 * Threads: notify, no lock held (I9).
 * Source:  linux/fuse.h, fuse_notify_code.
 */
#pragma once

#include "fs/echo.h"
#include "fs/idset.h"

#define MF_BURST_MOST 256

typedef enum
{
  MF_CHANGE_MESSAGE,    /* id, from, to: came, went or is called otherwise */
  MF_CHANGE_NAME,       /* from: that name is not what the kernel may take it for */
  MF_CHANGE_DIRECTORY,  /* node: its entries */
  MF_CHANGE_TOUCHED,    /* node: likewise, and who watches is to look */
  MF_CHANGE_NAMES,      /* node: its entries, and names that are gone, nobody knows which */
  MF_CHANGE_SIZE,       /* node: the exact size of a file */
  MF_CHANGE_CONTENT,    /* node: the bytes of a file */
} MfBurstChangeKind;

typedef struct
{
  MfBurstChangeKind kind;
  guint64 node;
  MfMsgId id;
  MfEntryName from, to; /* (nullable) names */
} MfBurstChange;

typedef struct _MfBurst MfBurst;

/* All of which outlive the burst. */
MfBurst *mf_burst_begin (struct fuse_session *session, MfIdSet *hints, MfEcho *echo);
void mf_burst_add (MfBurst *self, const MfBurstChange *change);
void mf_burst_end (MfBurst *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfBurst, mf_burst_end)
