#include "fs/setattr.h"

#include "fs/answer.h"
#include "fs/attr.h"
#include "fs/errmap.h"
#include "fs/handle.h"
#include "fs/inode.h"

#define SET_OWNER (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)
#define SET_TIME (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW)
#define PERMISSIONS 0600

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_UNSUPPORTED, why);
  return FALSE;
}

static void
reply (fuse_req_t req, fuse_ino_t node, const GError *failure)
{
  g_autoptr (GError) error = NULL;
  struct stat stat;
  double timeout_s;

  if (failure != NULL)
    mf_answer_error (req, failure, "setattr");
  else if (mf_attr_get (mf_mount_of (req), node, &stat, &timeout_s, &error))
    fuse_reply_attr (req, &stat, timeout_s);
  else
    mf_answer_error (req, error, "setattr");
}

/* ---- owner, permissions, time ----------------------------------------- */

static gboolean
check_access (const MfMount *mount, const MfMessage *message, const struct stat *stat, int to_set,
              GError **error)
{
  gboolean same = ((to_set & FUSE_SET_ATTR_MODE) == 0 || (stat->st_mode & 07777) == PERMISSIONS)
                  && ((to_set & FUSE_SET_ATTR_UID) == 0 || stat->st_uid == mount->uid)
                  && ((to_set & FUSE_SET_ATTR_GID) == 0 || stat->st_gid == mount->gid);

  return same || message->draft || refuse (error, "a message has no owner and no permissions");
}

static gboolean
set_time (const MfMount *mount, const MfMessage *message, const struct stat *stat, int to_set,
          GError **error)
{
  gint64 date = (to_set & FUSE_SET_ATTR_MTIME_NOW) != 0 ? g_get_real_time () / G_USEC_PER_SEC
                                                        : stat->st_mtim.tv_sec;
  g_autoptr (GError) local = NULL;

  if (mf_cache_set_date (mount->cache, message->id, date, &local)
      || (g_error_matches (local, MF_CACHE_ERROR, MF_CACHE_ERROR_UNSUPPORTED)
          && mf_recent_has (mount->recent, message->id)))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
set_message (const MfMount *mount, MfMsgId id, const struct stat *stat, int to_set, GError **error)
{
  g_auto (MfMessage) message = { 0 };

  if (!mf_cache_message (mount->cache, id, &message, error))
    return FALSE;
  if ((to_set & (FUSE_SET_ATTR_MODE | SET_OWNER)) != 0
      && !check_access (mount, &message, stat, to_set, error))
    return FALSE;
  return (to_set & SET_TIME) == 0 || set_time (mount, &message, stat, to_set, error);
}

/* ---- size ------------------------------------------------------------- */

/* A truncation that waits for the body, then with -o sync for the server. */
typedef struct
{
  MfMount *mount;
  MfRequest *request; /* what waits now */
  fuse_ino_t node;
  MfMsgId id;
  guint64 size;
} Truncation;

static gboolean
truncate_message (const Truncation *self, GError **error)
{
  g_autoptr (MfHandle) handle = mf_handle_open (self->mount, self->id, TRUE, error);

  return handle != NULL && mf_handle_truncate (handle, self->size, error)
         && mf_handle_flush (handle, error);
}

/* What the server refuses has been logged when it said so. */
static void
on_pushed (const GError *failure, gpointer user_data)
{
  Truncation *self = user_data;
  fuse_req_t req = mf_request_claim (self->request);

  if (req != NULL && failure != NULL)
    fuse_reply_err (req, mf_errmap_errno (failure));
  else if (req != NULL)
    reply (req, self->node, NULL);
  mf_request_done (self->request);
  g_free (self);
}

/* Takes @self.  The end waits until it is parked again. */
static void
wait_for_server (Truncation *self, fuse_req_t req)
{
  MfRequest *claimed = self->request;

  self->request = mf_request_park (self->mount->requests, req);
  mf_request_done (claimed);
  if (self->request == NULL)
    g_free (self);
  else if (!mf_cache_want_own_pushed (self->mount->cache, self->id, on_pushed, self))
    on_pushed (NULL, self);
}

static void
on_body (const GError *failure, gpointer user_data)
{
  Truncation *self = user_data;
  fuse_req_t req = mf_request_claim (self->request);
  g_autoptr (GError) error = NULL;

  if (req != NULL && failure == NULL)
    truncate_message (self, &error);
  if (req != NULL && failure == NULL && error == NULL && self->mount->sync)
    {
      wait_for_server (self, req);
      return;
    }
  if (req != NULL)
    reply (req, self->node, failure != NULL ? failure : error);
  mf_request_done (self->request);
  g_free (self);
}

static void
start_truncation (fuse_req_t req, fuse_ino_t node, MfMsgId id, guint64 size)
{
  MfMount *mount = mf_mount_of (req);
  MfRequest *request = mf_request_park (mount->requests, req);
  Truncation *self;

  if (request == NULL)
    return;
  self = g_new0 (Truncation, 1);
  *self = (Truncation){ mount, request, node, id, size };
  if (!mf_cache_want_body (mount->cache, id, on_body, self))
    on_body (NULL, self);
}

static void
set_size (fuse_req_t req, fuse_ino_t node, MfMsgId id, guint64 size, struct fuse_file_info *fi)
{
  MfHandle *handle = fi != NULL ? mf_handle_of (fi) : NULL;
  g_autoptr (GError) error = NULL;

  if (handle == NULL || !handle->writer)
    {
      start_truncation (req, node, id, size);
      return;
    }
  mf_handle_truncate (handle, size, &error);
  reply (req, node, error);
}

void
mf_setattr (fuse_req_t req, fuse_ino_t node, struct stat *stat, int to_set,
            struct fuse_file_info *fi)
{
  MfInode inode = mf_inode_from_node (node);
  g_autoptr (GError) error = NULL;

  if (mf_answer_read_only (req))
    return;
  if (mf_inode_is_message (inode) && (to_set & FUSE_SET_ATTR_SIZE) != 0)
    {
      set_size (req, node, inode.id, (guint64)stat->st_size, fi);
      return;
    }
  if (mf_inode_is_message (inode))
    set_message (mf_mount_of (req), inode.id, stat, to_set, &error);
  else if (inode.kind == MF_INODE_CONTROL && (to_set & ~FUSE_SET_ATTR_SIZE) != 0)
    refuse (&error, "a control file is what it is");
  reply (req, node, error);
}
