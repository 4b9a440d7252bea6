/* handle.h - what an open file stands for.
 *
 * Shape:   one of four: a text that was made at open, the stream of events, a body
 *          that is read, or a draft that is written and read.  With -o sync the draft of a message is
 *          let go when the file is flushed, since only then is it sent, and taken
 *          again when it is needed.  A body is opened anew when the message was
 *          written by another handle (generation.h).
 * Threads: fuse; opening may be done by a worker.
 */
#pragma once

#include "fs/mount.h"

typedef struct
{
  const MfMount *mount;
  MfMsgId id;
  GString *text;    /* (nullable) */
  MfEvents *events; /* (nullable) */
  guint64 skipped;  /* bytes of it before the first one that is read */
  gboolean reading; /* it was read before */
  MfBody *body;     /* (nullable) */
  guint generation; /* of the body */
  MfDraft *draft;   /* (nullable) */
  gboolean writer;
  gboolean wrote;   /* since the last flush */
} MfHandle;

/* Takes @text. */
MfHandle *mf_handle_new_text (const MfMount *mount, GString *text);
MfHandle *mf_handle_new_events (const MfMount *mount);
/* The body must be here: NOT_FOUND otherwise. */
MfHandle *mf_handle_open (const MfMount *mount, MfMsgId id, gboolean writer, GError **error);
/* The kernel has it from now on, until a RELEASE or the end (opened.h).  To be called
 * by whoever may answer, just before the answer. */
void mf_handle_give (MfHandle *self, struct fuse_file_info *fi);
void mf_handle_free (MfHandle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfHandle, mf_handle_free)

static inline MfHandle *
mf_handle_of (const struct fuse_file_info *fi)
{
  return (MfHandle *)(guintptr)fi->fh;
}

/* Up to @size bytes; 0 at the end, -1 on error. */
gssize mf_handle_read (MfHandle *self, guint64 offset, char *buffer, gsize size, GError **error);
gboolean mf_handle_write (MfHandle *self, guint64 offset, const char *bytes, gsize size,
                          GError **error);
gboolean mf_handle_truncate (MfHandle *self, guint64 size, GError **error);
/* It is the new text of @old: mf_draft_replace(). */
void mf_handle_replace (MfHandle *self, const MfMessage *old);
/* What was written is to be sent when the file is closed. */
gboolean mf_handle_flush (MfHandle *self, GError **error);
gboolean mf_handle_sync (MfHandle *self, GError **error);
/* Lets the draft go, so that it is sent now. */
void mf_handle_let_go (MfHandle *self);
