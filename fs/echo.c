#include "fs/echo.h"

#include "fs/attr.h"
#include "fs/find.h"
#include "fs/mount.h"
#include "fs/name.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Somebody may look the new name up between two system calls. */
#define TRIES 3
/* Without a mount of its own it keeps the mountpoint busy for so much of the time, and for
 * so long at a stretch. */
#define BUSY_SHARE 10 /* a tenth */
#define BUSY_MOST_US (100 * (gint64)1000)

struct _MfEcho
{
  MfCache *cache;
  struct fuse_session *session;
  const char *mountpoint; /* borrowed */
  gboolean read_only;
  dev_t device; /* of the mount */

  /* the notifier's: */
  int root_fd;        /* -1 outside of begin and end */
  gboolean has_mount; /* that is of a mount of its own */
  gint64 changed_us;  /* monotonic: begun, or ended */
  gint64 busy_us;     /* it may keep the mountpoint busy for so long */

  GMutex mutex; /* guards the rest: the system call under way */
  pid_t thread; /* that makes it; 0: none does */
  MfMsgId id;
  MfEntryName from, to;
  gboolean done; /* its last request was answered well */
};

/* ---- the mountpoint --------------------------------------------------- */

/* Which file system is there, without a request to it, which may be a stranger's
 * that does not answer. */
static gboolean
get_device (int fd, dev_t *out_device)
{
  struct statx status;

  if (statx (fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) != 0)
    return FALSE;
  *out_device = makedev (status.stx_dev_major, status.stx_dev_minor);
  return TRUE;
}

/* By a mount of it that nobody else sees: an open one keeps itself busy alone.  Only who
 * may mount can make that; others open the mountpoint itself. */
static int
open_root (MfEcho *self)
{
  int fd = open_tree (AT_FDCWD, self->mountpoint, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

  self->has_mount = fd >= 0;
  return fd >= 0 ? fd : open (self->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

MfEcho *
mf_echo_new (MfCache *cache, struct fuse_session *session, const char *mountpoint,
             gboolean read_only)
{
  MfEcho *self = g_new0 (MfEcho, 1);
  int fd = open (mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);

  self->cache = cache;
  self->session = session;
  self->mountpoint = mountpoint;
  self->read_only = read_only || fd < 0 || !get_device (fd, &self->device);
  self->root_fd = -1;
  self->busy_us = BUSY_MOST_US;
  g_mutex_init (&self->mutex);
  if (fd >= 0)
    close (fd);
  return self;
}

void
mf_echo_free (MfEcho *self)
{
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* What is left of it. */
static gint64
count_busy_us (MfEcho *self, gint64 now_us)
{
  gint64 passed_us = now_us - self->changed_us;

  if (self->root_fd < 0)
    return MIN (self->busy_us + passed_us / BUSY_SHARE, BUSY_MOST_US);
  return self->busy_us - (self->has_mount ? 0 : passed_us);
}

gboolean
mf_echo_begin (MfEcho *self)
{
  gint64 now_us = g_get_monotonic_time ();
  dev_t device;

  if (self->read_only)
    return FALSE;
  self->busy_us = count_busy_us (self, now_us);
  self->changed_us = now_us;
  self->root_fd = open_root (self);
  if (self->root_fd < 0)
    return FALSE;
  if (!get_device (self->root_fd, &device) || device != self->device)
    mf_echo_end (self);
  return self->root_fd >= 0;
}

void
mf_echo_end (MfEcho *self)
{
  gint64 now_us = g_get_monotonic_time ();

  self->busy_us = count_busy_us (self, now_us);
  self->changed_us = now_us;
  close (self->root_fd);
  self->root_fd = -1;
}

gboolean
mf_echo_may_move (MfEcho *self)
{
  return count_busy_us (self, g_get_monotonic_time ()) > 0;
}

/* ---- system calls ----------------------------------------------------- */

/* "INBOX/Receipts/cur".  NULL: that is in no folder. */
static char *
make_path (MfEcho *self, guint64 node)
{
  MfInode inode = mf_inode_from_node (node);
  g_autoptr (GString) path = g_string_new (NULL);
  MfPlace place;

  if (inode.id == MF_FOLDER_LOST || !mf_inode_is_place (inode, &place))
    return NULL;
  g_string_append (path, mf_place_names[place]);
  for (MfFolderId id = inode.id; id != MF_FOLDER_ROOT;)
    {
      g_auto (MfFolder) folder = { 0 };

      if (!mf_cache_folder (self->cache, id, &folder, NULL))
        return NULL;
      g_autofree char *component = mf_name_escape (folder.name);
      g_string_prepend_c (path, '/');
      g_string_prepend (path, component);
      id = folder.parent;
    }
  return g_string_free (g_steal_pointer (&path), FALSE);
}

/* Never of another file system, though one may be mounted in the tree: what is there
 * is not ours.  Returns a descriptor or -1. */
static int
open_place (MfEcho *self, guint64 node)
{
  g_autofree char *path = make_path (self, node);
  struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                          .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS };

  return path != NULL ? (int)syscall (SYS_openat2, self->root_fd, path, &how, sizeof how) : -1;
}

static void
close_place (int fd)
{
  if (fd >= 0)
    close (fd);
}

static void
expect (MfEcho *self, pid_t thread, MfMsgId id, MfEntryName from, MfEntryName to)
{
  g_mutex_lock (&self->mutex);
  self->thread = thread;
  self->id = id;
  self->from = from;
  self->to = to;
  self->done = FALSE;
  g_mutex_unlock (&self->mutex);
}

static gboolean
is_done (MfEcho *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->done;
}

/* A rename between two names of one inode does nothing and reports success: the
 * kernel must not know the new one. */
static gboolean
rename_until_done (MfEcho *self, int from_fd, const char *from, int to_fd, MfEntryName to)
{
  for (int i = 0; i < TRIES; i++)
    {
      fuse_lowlevel_notify_inval_entry (self->session, to.parent, to.name, strlen (to.name));
      if (renameat (from_fd, from, to_fd, to.name) != 0)
        return FALSE;
      if (is_done (self))
        return TRUE;
    }
  return FALSE;
}

gboolean
mf_echo_move (MfEcho *self, MfMsgId id, MfEntryName from, MfEntryName to)
{
  MfEntryName nothing = { 0, NULL };
  gboolean ok = FALSE;

  if (from.name == NULL) /* as a delivery: no file in tmp/ may be called so */
    from = (MfEntryName){ mf_inode_place (mf_inode_from_node (to.parent).id, MF_PLACE_TMP), to.name };
  expect (self, gettid (), id, from, to);
  int from_fd = open_place (self, from.parent);
  int to_fd = to.name != NULL ? open_place (self, to.parent) : -1;
  if (from_fd >= 0 && to.name == NULL)
    ok = unlinkat (from_fd, from.name, 0) == 0;
  else if (from_fd >= 0 && to_fd >= 0)
    ok = rename_until_done (self, from_fd, from.name, to_fd, to);
  close_place (from_fd);
  close_place (to_fd);
  expect (self, 0, 0, nothing, nothing);
  if (!ok) /* the kernel may have it by now, and it is nowhere */
    fuse_lowlevel_notify_inval_entry (self->session, from.parent, from.name, strlen (from.name));
  return ok;
}

void
mf_echo_touch (MfEcho *self, guint64 node)
{
  int fd = open_place (self, node);

  if (fd >= 0)
    utimensat (fd, ".", NULL, 0);
  close_place (fd);
}

/* ---- answers ---------------------------------------------------------- */

static gboolean
is_entry (MfEntryName entry, fuse_ino_t parent, const char *name)
{
  return entry.name != NULL && entry.parent == parent && strcmp (entry.name, name) == 0;
}

/* With the mutex. */
static gboolean
is_mine (MfEcho *self, fuse_req_t req)
{
  return self->thread != 0 && fuse_req_ctx (req)->pid == self->thread;
}

/* The names are those of the system call under way, which waits for the answer. */
static gboolean
find_call (MfEcho *self, fuse_req_t req, MfMsgId *out_id, MfEntryName *out_from,
           MfEntryName *out_to)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *out_id = self->id;
  *out_from = self->from;
  *out_to = self->to;
  return is_mine (self, req);
}

/* What has gone still has a name in the kernel, and may be open: its inode is not
 * told that it is empty now. */
static void
reply_old_name (fuse_req_t req, MfMsgId id, const char *name)
{
  MfMount *mount = mf_mount_of (req);
  struct fuse_entry_param entry = { .ino = mf_inode_message (id), .generation = 1 };
  g_auto (MfMessage) message = { 0 };

  if (!mf_cache_message (mount->cache, id, &message, NULL))
    {
      message.exact = TRUE;
      entry.ino = mf_inode_alias (id, name);
    }
  else
    entry.attr_timeout = entry.entry_timeout = MF_TIMEOUT_LONG_S;
  mf_attr_fill_message (mount, &message, entry.ino, &entry.attr);
  fuse_reply_entry (req, &entry);
}

gboolean
mf_echo_lookup (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  MfEntryName from, to;
  MfMsgId id;

  if (!find_call (mf_mount_of (req)->echo, req, &id, &from, &to))
    return FALSE;
  if (is_entry (to, parent, name))
    fuse_reply_err (req, ENOENT);
  else if (is_entry (from, parent, name))
    reply_old_name (req, id, name);
  else
    return FALSE;
  return TRUE;
}

/* Is this what the index calls the message now? */
static gboolean
is_present (MfMount *mount, MfMsgId id, MfEntryName entry)
{
  g_auto (MfMessage) message = { 0 };
  g_auto (MfFolder) folder = { 0 };
  char name[MF_NAME_MAX + 1];

  return mf_cache_message (mount->cache, id, &message, NULL)
         && mf_cache_folder (mount->cache, message.folder, &folder, NULL)
         && message.place < MF_N_PLACES && mf_name_format (&message, folder.tag, name)
         && is_entry (entry, mf_inode_place (message.folder, message.place), name);
}

/* A file that a user has put there meanwhile. */
static gboolean
is_users_file (MfMount *mount, MfEntryName entry)
{
  MfInode inode = mf_inode_from_node (entry.parent);
  g_auto (MfFolder) folder = { 0 };
  g_auto (MfMessage) message = { 0 };
  gboolean stale;

  return inode.kind == MF_INODE_TMP && mf_cache_folder (mount->cache, inode.id, &folder, NULL)
         && mf_find_file (mount, &folder, MF_PLACE_TMP, entry.name, &message, &stale, NULL);
}

static void
answer (MfEcho *self, fuse_req_t req, gboolean ok)
{
  g_mutex_lock (&self->mutex);
  self->done = ok;
  g_mutex_unlock (&self->mutex);
  fuse_reply_err (req, ok ? 0 : ENOENT);
}

gboolean
mf_echo_rename (fuse_req_t req, MfEntryName from, MfEntryName to)
{
  MfMount *mount = mf_mount_of (req);
  MfEntryName old, new;
  MfMsgId id;

  if (!find_call (mount->echo, req, &id, &old, &new))
    return FALSE;
  answer (mount->echo, req,
          is_entry (old, from.parent, from.name) && is_entry (new, to.parent, to.name)
              && is_present (mount, id, to) && !is_users_file (mount, from));
  return TRUE;
}

gboolean
mf_echo_unlink (fuse_req_t req, MfEntryName name)
{
  MfMount *mount = mf_mount_of (req);
  MfEntryName old, new;
  MfMsgId id;

  if (!find_call (mount->echo, req, &id, &old, &new))
    return FALSE;
  answer (mount->echo, req,
          is_entry (old, name.parent, name.name) && !is_present (mount, id, name));
  return TRUE;
}
