/* The size that a reader sees must be the body's when OPEN returns.  If the
 * kernel was told a hint (mount.h), its attributes are dropped before the answer,
 * so that fstat(2) and the end of file come from the row that is exact by then. */
#include "fs/file.h"

#include "fs/answer.h"
#include "fs/control.h"
#include "fs/errmap.h"
#include "fs/inode.h"
#include "fs/preload.h"
#include "fs/write.h"

#include <errno.h>
#include <fcntl.h>

/* A body can be evicted between its arrival and the open; not over and over. */
#define TRIES 3

typedef struct
{
  MfMount *mount;
  MfRequest *request;
  fuse_ino_t node;
  MfMsgId id;
  struct fuse_file_info fi;
  guint tries;
  GThread *first; /* (nullable) the dispatcher, if it is the first ever in this mount */
} Opening;

static void
forget_hint (const Opening *self)
{
  fuse_lowlevel_notify_inval_inode (self->mount->session, self->node, -1, 0);
  /* Not before: a second open of the same message may ask meanwhile. */
  mf_idset_clear (self->mount->hints, self->id);
}

static void
reply_open (Opening *self, fuse_req_t req, MfHandle *handle)
{
  /* By another inode number it may have been written since. */
  self->fi.keep_cache = !handle->writer && self->node == mf_inode_message (self->id);
  if (mf_idset_has (self->mount->hints, self->id))
    forget_hint (self);
  else if (self->fi.keep_cache && self->first == g_thread_self ())
    mf_preload_body (self->node, handle);
  mf_handle_give (handle, &self->fi);
  self->fi.noflush = !handle->writer;
  /* The kernel may not know yet where the end is: its pages would be wrong. */
  self->fi.direct_io = handle->writer && (self->fi.flags & O_APPEND) != 0;
  /* Interrupted at the last moment: no RELEASE will come. */
  if (fuse_reply_open (req, &self->fi) == -ENOENT)
    mf_handle_free (handle);
}

static void
finish (Opening *self, MfHandle *handle, const GError *error)
{
  fuse_req_t req = mf_request_claim (self->request);

  if (req != NULL && handle != NULL)
    reply_open (self, req, handle);
  else if (req != NULL)
    fuse_reply_err (req, mf_errmap_report (error, "open"));
  else if (handle != NULL)
    mf_handle_free (handle);
  mf_request_done (self->request);
  g_free (self);
}

static void on_body (const GError *error, gpointer user_data);

static void
want (Opening *self)
{
  self->tries++;
  if (!mf_cache_want_body (self->mount->cache, self->id, on_body, self))
    on_body (NULL, self);
}

static void
on_body (const GError *error, gpointer user_data)
{
  Opening *self = user_data;
  g_autoptr (GError) open_error = NULL;
  MfHandle *handle;

  if (error != NULL)
    {
      finish (self, NULL, error);
      return;
    }
  handle = mf_handle_open (self->mount, self->id,
                           (self->fi.flags & O_ACCMODE) != O_RDONLY, &open_error);
  if (handle == NULL && self->tries < TRIES
      && g_error_matches (open_error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND))
    want (self);
  else
    finish (self, handle, open_error);
}

static void
open_message (fuse_req_t req, fuse_ino_t node, MfMsgId id, struct fuse_file_info *fi)
{
  MfMount *mount = mf_mount_of (req);
  MfRequest *request;
  Opening *self;

  if ((fi->flags & O_ACCMODE) != O_RDONLY && mf_answer_read_only (req))
    return;
  request = mf_request_park (mount->requests, req);
  if (request == NULL)
    return;
  self = g_new0 (Opening, 1);
  *self = (Opening){ mount, request, node, id, *fi, 0,
                     mf_idset_set (mount->opened_once, id) ? g_thread_self () : NULL };
  want (self);
}

/* NULL: there is no such file. */
static MfHandle *
new_control_handle (const MfMount *mount, gint64 id)
{
  GString *text;

  if (mf_control_is_events (id))
    return mf_handle_new_events (mount);
  text = mf_control_text (mount, id);
  return text != NULL ? mf_handle_new_text (mount, text) : NULL;
}

static void
open_control (fuse_req_t req, gint64 id, struct fuse_file_info *fi)
{
  MfHandle *handle = new_control_handle (mf_mount_of (req), id);

  if (handle == NULL)
    {
      fuse_reply_err (req, ENOENT);
      return;
    }
  mf_handle_give (handle, fi);
  fi->direct_io = 1;
  if (fuse_reply_open (req, fi) == -ENOENT)
    mf_handle_free (handle);
}

void
mf_file_open (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  MfInode inode = mf_inode_from_node (node);

  if (mf_inode_is_message (inode))
    open_message (req, node, inode.id, fi);
  else if (inode.kind == MF_INODE_CONTROL)
    open_control (req, inode.id, fi);
  else
    fuse_reply_err (req, ENOENT);
}

/* As much as was asked for: the kernel takes less for the end of the file. */
void
mf_file_read (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *fi)
{
  g_autofree char *buffer = g_malloc (size);
  g_autoptr (GError) error = NULL;
  gsize used = 0;
  gssize n = 1;

  while (used < size && n > 0)
    {
      n = mf_handle_read (mf_handle_of (fi), (guint64)offset + used, buffer + used, size - used,
                          &error);
      if (n > 0)
        used += (gsize)n;
    }
  if (n < 0)
    fuse_reply_err (req, mf_errmap_report (error, "read"));
  else
    fuse_reply_buf (req, buffer, used);
}

void
mf_file_release (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  MfHandle *handle = mf_handle_of (fi);

  if (handle->writer)
    mf_write_close (mf_mount_of (req), node, handle);
  else
    mf_handle_free (handle);
  fuse_reply_err (req, 0);
}
