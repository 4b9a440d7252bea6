#include "fs/write.h"

#include "fs/answer.h"
#include "fs/attr.h"
#include "fs/errmap.h"
#include "fs/inode.h"
#include "fs/source.h"
#include "fs/steer.h"
#include "fs/target.h"

#include <errno.h>
#include <fcntl.h>

/* ---- making ----------------------------------------------------------- */

static gboolean
make (fuse_req_t req, guint64 parent, const char *name, MfMessage *out_message, GError **error)
{
  MfMount *mount = mf_mount_of (req);
  g_auto (MfTarget) target = { 0 };
  MfMessage nothing = { 0 };
  MfSpot spot;

  if (!mf_target_find (mount, parent, name, &target, error))
    return FALSE;
  if (target.existing.id != 0)
    {
      g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_EXISTS, "the name is taken");
      return FALSE;
    }
  mf_target_settle (mount, &target, &nothing, MF_PLACE_NEW, 0, &spot);
  if (!mf_cache_create (mount->cache, &spot, out_message, error))
    return FALSE;
  if (target.dropped)
    mf_dropped_add (mount->dropped, target.folder.id, name, out_message->id,
                    fuse_req_ctx (req)->pid);
  return TRUE;
}

/* The name that was given need not be the one that the message has. */
static void
fill_entry (const MfMount *mount, const MfMessage *message, guint64 parent, const char *name,
            struct fuse_entry_param *out_entry)
{
  g_auto (MfSource) made = { 0 };
  gboolean same = FALSE;

  if (mf_source_of_message (mount, message->id, &made, NULL))
    {
      guint64 directory = mf_source_directory (&made);

      same = (directory == parent || made.message.place == MF_PLACE_TMP)
             && g_str_equal (made.present, name);
      if (directory != parent)
        mf_notify_listing_now (mount->notify, directory);
    }
  *out_entry = (struct fuse_entry_param){
    .ino = mf_inode_message (message->id),
    .generation = 1,
    .attr_timeout = MF_TIMEOUT_LONG_S,
    .entry_timeout = same ? MF_TIMEOUT_LONG_S : 0,
  };
  mf_attr_fill_message (mount, message, out_entry->ino, &out_entry->attr);
}

/* Counts as written: closed as it is, it is no message. */
static MfHandle *
open_made (MfMount *mount, MfMsgId id, GError **error)
{
  g_autoptr (MfHandle) handle = mf_handle_open (mount, id, TRUE, error);

  if (handle == NULL || !mf_handle_truncate (handle, 0, error))
    return NULL;
  return g_steal_pointer (&handle);
}

/* A program that has just removed the name writes that message anew. */
static void
replace_vacated (const MfMount *mount, MfHandle *handle, const MfMessage *message, pid_t thread)
{
  g_auto (MfMessage) old = { 0 };

  if (message->base != NULL && message->place != MF_PLACE_TMP
      && mf_vacated_take (mount->vacated, message->folder, message->base, thread, &old))
    mf_handle_replace (handle, &old);
}

void
mf_write_create (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                 struct fuse_file_info *fi)
{
  MfMount *mount = mf_mount_of (req);
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  struct fuse_entry_param entry;
  MfHandle *handle = NULL;

  if (mf_answer_read_only (req))
    return;
  if (make (req, parent, name, &message, &error))
    handle = open_made (mount, message.id, &error);
  if (handle == NULL)
    {
      mf_answer_error (req, error, "create");
      return;
    }
  replace_vacated (mount, handle, &message, fuse_req_ctx (req)->pid);
  fill_entry (mount, &message, parent, name, &entry);
  mf_idset_set (mount->opened_once, message.id);
  mf_handle_give (handle, fi);
  if (fuse_reply_create (req, &entry, fi) == -ENOENT)
    mf_write_close (mount, entry.ino, handle);
}

void
mf_write_mknod (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
  MfMount *mount = mf_mount_of (req);
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  struct fuse_entry_param entry;

  if (mf_answer_read_only (req))
    return;
  if (!S_ISREG (mode))
    fuse_reply_err (req, EPERM);
  else if (!make (req, parent, name, &message, &error))
    mf_answer_error (req, error, "mknod");
  else
    {
      fill_entry (mount, &message, parent, name, &entry);
      fuse_reply_entry (req, &entry);
    }
}

/* ---- writing ---------------------------------------------------------- */

/* With O_APPEND the end is where the file has it: the kernel may still think that
 * it is where the server's hint was. */
static guint64
find_offset (const MfHandle *handle, off_t offset, int flags)
{
  g_auto (MfMessage) message = { 0 };

  if ((flags & O_APPEND) == 0
      || !mf_cache_message (handle->mount->cache, handle->id, &message, NULL))
    return (guint64)offset;
  return message.size;
}

void
mf_write (fuse_req_t req, fuse_ino_t node, const char *bytes, size_t size, off_t offset,
          struct fuse_file_info *fi)
{
  g_autoptr (GError) error = NULL;
  MfHandle *handle = mf_handle_of (fi);

  if (mf_inode_from_node (node).kind == MF_INODE_CONTROL)
    mf_steer_write (req, bytes, size);
  else if (!handle->writer)
    fuse_reply_err (req, EBADF);
  else if (mf_handle_write (handle, find_offset (handle, offset, fi->flags), bytes, size, &error))
    fuse_reply_write (req, size);
  else
    mf_answer_error (req, error, "write");
}

static gboolean
is_in_tmp (const MfMount *mount, MfMsgId id)
{
  g_auto (MfMessage) message = { 0 };

  return !mf_cache_message (mount->cache, id, &message, NULL) || message.place == MF_PLACE_TMP;
}

/* Whoever has it open by its real inode has pages of what it was. */
static void
tell_content (const MfMount *mount, guint64 node, MfMsgId id)
{
  if (node != mf_inode_message (id))
    mf_notify_content (mount->notify, mf_inode_message (id));
}

/* Comes for every descriptor that is closed, more than once for one handle. */
void
mf_write_flush (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  MfMount *mount = mf_mount_of (req);
  MfHandle *handle = mf_handle_of (fi);
  g_autoptr (GError) error = NULL;

  if (!handle->writer)
    fuse_reply_err (req, 0);
  else if (!mf_handle_flush (handle, &error))
    mf_answer_error (req, error, "close");
  else if (is_in_tmp (mount, handle->id))
    fuse_reply_err (req, 0);
  else
    {
      tell_content (mount, node, handle->id);
      if (mount->sync)
        mf_handle_let_go (handle);
      mf_answer_done (req, handle->id, NULL, 0);
    }
}

void
mf_write_fsync (fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *fi)
{
  g_autoptr (GError) error = NULL;

  if (mf_handle_sync (mf_handle_of (fi), &error))
    fuse_reply_err (req, 0);
  else
    mf_answer_error (req, error, "fsync");
}

void
mf_write_fsyncdir (fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *fi)
{
  g_autoptr (GError) error = NULL;

  if (mf_cache_sync_disk (mf_mount_of (req)->cache, &error))
    fuse_reply_err (req, 0);
  else
    mf_answer_error (req, error, "fsync");
}

/* ---- closing ---------------------------------------------------------- */

/* What was closed and is no message has gone, or is again what it was. */
static void
tell_taken_back (MfMount *mount, const MfSource *before)
{
  g_auto (MfMessage) now = { 0 };

  mf_generations_raise (mount->generations, before->message.id);
  if (mf_cache_message (mount->cache, before->message.id, &now, NULL))
    mf_notify_content (mount->notify, mf_inode_message (now.id));
  else
    mf_source_tell (mount, before, 0, 0, NULL);
}

/* What was mapped into memory may be written after the last FLUSH. */
void
mf_write_close (MfMount *mount, fuse_ino_t node, MfHandle *handle)
{
  g_auto (MfSource) before = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean known = mf_source_of_message (mount, handle->id, &before, NULL);

  mf_handle_flush (handle, &error);
  tell_content (mount, node, handle->id);
  mf_handle_free (handle);
  if (error != NULL)
    mf_errmap_report (error, "close");
  if (known && error != NULL)
    tell_taken_back (mount, &before);
}
