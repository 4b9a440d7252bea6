#include "fs/privatedir.h"

#include "fs/inode.h"
#include "fs/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

typedef struct
{
  DIR *dir;
  off_t offset;              /* of @next */
  const struct dirent *next; /* (nullable) read, but it did not fit */
} Handle;

static Handle *
handle_of (const struct fuse_file_info *fi)
{
  return (Handle *)(guintptr)fi->fh;
}

static DIR *
open_dir (MfMount *mount, guint64 node)
{
  int fd = mf_backing_fd (mount->backing, node);
  DIR *dir;

  if (fd < 0)
    {
      errno = -fd;
      return NULL;
    }
  fd = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return NULL;
  dir = fdopendir (fd);
  if (dir == NULL)
    close (fd);
  return dir;
}

static void
free_handle (gpointer data)
{
  Handle *handle = data;

  closedir (handle->dir);
  g_free (handle);
}

void
mf_privatedir_opendir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  DIR *dir = open_dir (mf_mount_of (req), node);
  MfOpened *opened = mf_mount_of (req)->opened;
  Handle *handle;

  if (dir == NULL)
    {
      fuse_reply_err (req, errno);
      return;
    }
  handle = g_new0 (Handle, 1);
  handle->dir = dir;
  fi->fh = (guint64)(guintptr)handle;
  fi->cache_readdir = 1;
  fi->keep_cache = 1;
  mf_opened_add (opened, handle, free_handle);
  if (fuse_reply_open (req, fi) == 0)
    return;
  mf_opened_remove (opened, handle);
  free_handle (handle);
}

void
mf_privatedir_releasedir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  Handle *handle = handle_of (fi);

  mf_opened_remove (mf_mount_of (req)->opened, handle);
  free_handle (handle);
  fuse_reply_err (req, 0);
}

void
mf_privatedir_fsyncdir (fuse_req_t req, fuse_ino_t node, int data_only, struct fuse_file_info *fi)
{
  mf_syncer_push (mf_mount_of (req)->syncer, req, dirfd (handle_of (fi)->dir), data_only != 0);
}

/* ---- entries ---------------------------------------------------------- */

static gsize
print_entry (fuse_req_t req, const MfPrivateEntry *entry, const struct fuse_entry_param *param,
             char *end, gsize room)
{
  return entry->plus ? fuse_add_direntry_plus (req, end, room, entry->name, param, entry->offset)
                     : fuse_add_direntry (req, end, room, entry->name, &param->attr, entry->offset);
}

/* Only an entry with its attributes makes the kernel know the node. */
gboolean
mf_privatedir_add (fuse_req_t req, fuse_ino_t dir, const MfPrivateEntry *entry, char *end,
                   gsize room, gsize *out_used)
{
  MfMount *mount = mf_mount_of (req);
  struct fuse_entry_param param;
  gboolean fits;

  *out_used = 0;
  if (mf_private_fill_entry (mount, dir, entry->name, &param) < 0)
    return TRUE;
  *out_used = print_entry (req, entry, &param, end, room);
  fits = *out_used <= room;
  if (!fits || !entry->plus)
    mf_backing_forget (mount->backing, param.ino, 1);
  return fits;
}

static gboolean
is_dots (const char *name)
{
  return g_str_equal (name, ".") || g_str_equal (name, "..");
}

/* The kernel makes no inode for these: that is node id 0. */
static gboolean
add_dots (fuse_req_t req, const MfPrivateEntry *entry, ino_t ino, char *end, gsize room,
          gsize *out_used)
{
  MfInode inode = { MF_INODE_PRIVATE, (gint64)ino };
  struct fuse_entry_param param
      = { .attr = { .st_ino = mf_inode_to_node (inode), .st_mode = S_IFDIR } };

  *out_used = print_entry (req, entry, &param, end, room);
  return *out_used <= room;
}

static void
seek (Handle *self, off_t offset)
{
  if (self->offset == offset)
    return;
  seekdir (self->dir, offset);
  self->offset = offset;
  self->next = NULL;
}

/* NULL at the end, or with errno set. */
static const struct dirent *
peek (Handle *self)
{
  errno = 0;
  if (self->next == NULL)
    self->next = readdir (self->dir);
  return self->next;
}

/* An error after some entries is left to the request for the rest. */
static void
answer_readdir (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, Handle *handle,
                gboolean plus)
{
  g_autofree char *buffer = g_malloc (size);
  const struct dirent *next;
  gsize total = 0, used;
  gboolean fits = TRUE;

  seek (handle, offset);
  while (fits && (next = peek (handle)) != NULL)
    {
      MfPrivateEntry entry = { next->d_name, next->d_off, plus };
      char *end = buffer + total;

      fits = is_dots (next->d_name)
                 ? add_dots (req, &entry, next->d_ino, end, size - total, &used)
                 : mf_privatedir_add (req, node, &entry, end, size - total, &used);
      if (!fits)
        break;
      total += used;
      handle->offset = next->d_off;
      handle->next = NULL;
    }
  if (fits && errno != 0 && total == 0)
    fuse_reply_err (req, errno);
  else
    fuse_reply_buf (req, buffer, total);
}

void
mf_privatedir_readdir (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                       struct fuse_file_info *fi)
{
  answer_readdir (req, node, size, offset, handle_of (fi), FALSE);
}

void
mf_privatedir_readdirplus (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                           struct fuse_file_info *fi)
{
  answer_readdir (req, node, size, offset, handle_of (fi), TRUE);
}
