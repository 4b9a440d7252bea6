#include "fs/dir.h"

#include "fs/attr.h"
#include "fs/control.h"
#include "fs/errmap.h"
#include "fs/inode.h"
#include "fs/name.h"
#include "fs/privatedir.h"
#include "fs/privateroot.h"

#include <errno.h>

/* Offsets, each that of the entry after the one it is given with. */
#define OFFSET_DOT 1
#define OFFSET_DOT_DOT 2
#define OFFSET_PLACES 3                /* in folders: cur, new, tmp */
#define OFFSET_IDS 8                   /* in folders and .mailfs: and the child's id */
#define OFFSET_MESSAGES OFFSET_DOT_DOT /* in cur, new: and the message's id */
/* In folders: and a private name's index among those of the handle. */
#define OFFSET_PRIVATE ((off_t)1 << 48)

/* One answer to READDIR. */
typedef struct
{
  MfMount *mount;
  fuse_req_t req;
  gboolean plus;
  off_t offset; /* of the request: entries up to it have been given */
  char *buffer;
  gsize size, used;
  const char *tag; /* of the folder, in cur and new */
  GPtrArray *private; /* (element-type filename) in folders, see list_private() */
} Listing;

/* FALSE: the answer is full. */
static gboolean
add_entry (Listing *self, const char *name, const struct fuse_entry_param *entry, off_t offset)
{
  char *end = self->buffer + self->used;
  gsize room = self->size - self->used;
  gsize needed = self->plus ? fuse_add_direntry_plus (self->req, end, room, name, entry, offset)
                            : fuse_add_direntry (self->req, end, room, name, &entry->attr, offset);

  if (needed > room)
    return FALSE;
  self->used += needed;
  return TRUE;
}

static gboolean
add_with_timeouts (Listing *self, const char *name, const struct stat *stat, double entry_timeout_s,
                   double attr_timeout_s, off_t offset)
{
  struct fuse_entry_param entry = {
    .ino = stat->st_ino,
    .generation = 1,
    .attr = *stat,
    .attr_timeout = attr_timeout_s,
    .entry_timeout = entry_timeout_s,
  };

  return offset <= self->offset || add_entry (self, name, &entry, offset);
}

static gboolean
add (Listing *self, const char *name, const struct stat *stat, double entry_timeout_s, off_t offset)
{
  return add_with_timeouts (self, name, stat, entry_timeout_s, MF_TIMEOUT_LONG_S, offset);
}

/* The kernel makes no inode for these: that is node id 0. */
static gboolean
add_dots (Listing *self, guint64 node, guint64 parent)
{
  struct fuse_entry_param dot = { .attr = { .st_ino = node, .st_mode = S_IFDIR } };
  struct fuse_entry_param dot_dot = { .attr = { .st_ino = parent, .st_mode = S_IFDIR } };

  return (self->offset >= OFFSET_DOT || add_entry (self, ".", &dot, OFFSET_DOT))
         && (self->offset >= OFFSET_DOT_DOT || add_entry (self, "..", &dot_dot, OFFSET_DOT_DOT));
}

/* ---- cur, new, tmp ---------------------------------------------------- */

static gboolean
add_message (const MfMessage *message, gpointer user_data)
{
  Listing *self = user_data;
  char name[MF_NAME_MAX + 1];
  struct stat stat;

  if (!mf_name_format (message, self->tag, name))
    return TRUE;
  mf_attr_fill_message (self->mount, message, mf_inode_message (message->id), &stat);
  return add (self, name, &stat, MF_TIMEOUT_LONG_S, message->id + OFFSET_MESSAGES);
}

static guint64
get_parent (MfFolderId folder)
{
  if (folder == MF_FOLDER_LOST)
    return mf_inode_to_node ((MfInode){ MF_INODE_CONTROL, MF_CONTROL_DIR });
  return mf_inode_folder (folder);
}

static gboolean
list_place (Listing *self, MfFolderId id, MfPlace place, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  MfMsgId after = MAX (self->offset - OFFSET_MESSAGES, 0);

  if (!mf_cache_folder (self->mount->cache, id, &folder, error))
    return FALSE;
  if (!add_dots (self, mf_inode_place (id, place), get_parent (id)))
    return TRUE;
  self->tag = folder.tag;
  return mf_cache_list (self->mount->cache, id, place, after, add_message, self, error);
}

/* ---- folders ---------------------------------------------------------- */

static gboolean
add_places (Listing *self, const MfFolder *folder)
{
  MfPlaces *places = self->mount->places;
  double timeout_s = mf_places_is_unusual (places, folder->id) ? 0 : MF_TIMEOUT_LONG_S;
  pid_t pid = fuse_req_ctx (self->req)->pid;
  struct stat stat;

  for (guint i = 0; i < MF_N_PLACES; i++)
    {
      if (!mf_places_has (places, self->mount->cache, folder, (MfPlace)i, pid))
        continue;
      mf_attr_fill_place (self->mount, folder, (MfPlace)i, &stat);
      if (!add (self, mf_place_names[i], &stat, timeout_s, OFFSET_PLACES + i))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_folder (Listing *self, const MfFolder *folder, off_t offset)
{
  g_autofree char *name = mf_name_escape (folder->name);
  g_autoptr (GPtrArray) children = mf_cache_folder_children (self->mount->cache, folder->id, NULL);
  struct stat stat;

  mf_attr_fill_folder (self->mount, folder, children != NULL ? children->len : 0, &stat);
  return add (self, name, &stat, MF_TIMEOUT_FOLDER_S, offset);
}

/* The names are those of when the listing began: they come in no order that could
 * be found again when some have gone. */
static void
list_private (Listing *self, MfFolderId id)
{
  gsize used = 0;

  if (self->offset == 0)
    {
      g_ptr_array_set_size (self->private, 0);
      mf_privateroot_list (self->mount->private_fd, id, self->private);
    }
  for (guint i = (guint)MAX (self->offset - OFFSET_PRIVATE + 1, 0); i < self->private->len; i++)
    {
      MfPrivateEntry entry
          = { g_ptr_array_index (self->private, i), OFFSET_PRIVATE + i, self->plus };

      if (!mf_privatedir_add (self->req, mf_inode_folder (id), &entry, self->buffer + self->used,
                              self->size - self->used, &used))
        return;
      self->used += used;
    }
}

static gboolean
list_folder (Listing *self, MfFolderId id, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GPtrArray) children = NULL;
  guint64 parent;

  if (!mf_cache_folder (self->mount->cache, id, &folder, error))
    return FALSE;
  children = mf_cache_folder_children (self->mount->cache, id, error);
  if (children == NULL)
    return FALSE;

  parent = id == MF_FOLDER_ROOT ? id : folder.parent;
  if (!add_dots (self, mf_inode_folder (id), mf_inode_folder (parent)))
    return TRUE;
  if (!add_places (self, &folder))
    return TRUE;
  for (guint i = 0; i < children->len; i++)
    {
      const MfFolder *child = g_ptr_array_index (children, i);

      if (child->id + OFFSET_IDS > self->offset
          && !add_folder (self, child, child->id + OFFSET_IDS))
        return TRUE;
    }
  list_private (self, id);
  return TRUE;
}

/* ---- .mailfs ---------------------------------------------------------- */

static void
list_control (Listing *self)
{
  MfInode inode = { MF_INODE_CONTROL, MF_CONTROL_DIR };
  g_auto (MfFolder) lost = { 0 };
  const char *name;
  struct stat stat;

  if (!add_dots (self, mf_inode_to_node (inode), mf_inode_folder (MF_FOLDER_ROOT)))
    return;
  if (mf_cache_folder (self->mount->cache, MF_FOLDER_LOST, &lost, NULL))
    {
      mf_attr_fill_place (self->mount, &lost, MF_PLACE_CUR, &stat);
      if (!add (self, MF_CONTROL_LOST, &stat, MF_TIMEOUT_LONG_S, OFFSET_PLACES))
        return;
    }
  for (gint64 id = 0; (id = mf_control_next (id, &name)) != 0;)
    {
      mf_attr_fill_control (self->mount, id, &stat);
      if (!add_with_timeouts (self, name, &stat, MF_TIMEOUT_LONG_S, mf_control_timeout_s (id),
                              id + OFFSET_IDS))
        return;
    }
}

/* ---- requests --------------------------------------------------------- */

static gboolean
list (Listing *self, MfInode inode, GError **error)
{
  MfPlace place;

  if (mf_inode_is_place (inode, &place))
    return list_place (self, inode.id, place, error);
  if (inode.kind == MF_INODE_FOLDER)
    return list_folder (self, inode.id, error);
  if (inode.kind == MF_INODE_CONTROL)
    list_control (self);
  return TRUE;
}

static void
answer_readdir (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                const struct fuse_file_info *fi, gboolean plus)
{
  g_autofree char *buffer = g_malloc (size);
  g_autoptr (GError) error = NULL;
  Listing listing = {
    .mount = mf_mount_of (req),
    .req = req,
    .plus = plus,
    .offset = offset,
    .buffer = buffer,
    .size = size,
    .private = (GPtrArray *)(guintptr)fi->fh,
  };

  if (list (&listing, mf_inode_from_node (node), &error))
    fuse_reply_buf (req, buffer, listing.used);
  else
    fuse_reply_err (req, mf_errmap_report (error, "list"));
}

void
mf_dir_readdir (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                struct fuse_file_info *fi)
{
  answer_readdir (req, node, size, offset, fi, FALSE);
}

void
mf_dir_readdirplus (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                    struct fuse_file_info *fi)
{
  answer_readdir (req, node, size, offset, fi, TRUE);
}

typedef struct
{
  MfRequest *request;
  struct fuse_file_info fi;
} Opening;

static void
on_listed (const GError *error, gpointer user_data)
{
  Opening *self = user_data;
  fuse_req_t req = mf_request_claim (self->request);

  if (req != NULL && error == NULL)
    fuse_reply_open (req, &self->fi);
  else if (req != NULL)
    fuse_reply_err (req, mf_errmap_report (error, "list"));
  mf_request_done (self->request);
  g_free (self);
}

/* What the kernel keeps of the listing is taken back by news of a change. */
static void
open_listed (fuse_req_t req, MfFolderId folder, struct fuse_file_info *fi)
{
  MfMount *mount = mf_mount_of (req);
  MfRequest *request = mf_request_park (mount->requests, req);
  Opening *self;

  if (request == NULL)
    return;
  fi->cache_readdir = 1;
  fi->keep_cache = 1;
  self = g_new0 (Opening, 1);
  *self = (Opening){ request, *fi };
  if (!mf_cache_want_folder (mount->cache, folder, on_listed, self))
    on_listed (NULL, self);
}

static void
open_folder (fuse_req_t req, struct fuse_file_info *fi)
{
  GPtrArray *private = g_ptr_array_new_with_free_func (g_free);
  MfOpened *opened = mf_mount_of (req)->opened;

  fi->fh = (guint64)(guintptr)private;
  mf_opened_add (opened, private, (GDestroyNotify)g_ptr_array_unref);
  if (fuse_reply_open (req, fi) == 0)
    return;
  mf_opened_remove (opened, private);
  g_ptr_array_unref (private);
}

void
mf_dir_opendir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  MfInode inode = mf_inode_from_node (node);

  if (inode.kind == MF_INODE_CUR || inode.kind == MF_INODE_NEW)
    open_listed (req, inode.id, fi);
  else if (inode.kind == MF_INODE_FOLDER)
    open_folder (req, fi);
  else if (inode.kind == MF_INODE_NONE)
    fuse_reply_err (req, ENOENT);
  else
    fuse_reply_open (req, fi);
}

void
mf_dir_releasedir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
  GPtrArray *private = (GPtrArray *)(guintptr)fi->fh;

  if (mf_inode_from_node (node).kind == MF_INODE_FOLDER)
    {
      mf_opened_remove (mf_mount_of (req)->opened, private);
      g_ptr_array_unref (private);
    }
  fuse_reply_err (req, 0);
}
