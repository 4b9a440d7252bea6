/* A node is found again by the name it was last looked up by, in its parent's
 * directory; descriptors are held for some hundred nodes only, least recently used
 * ones closed first.  So the number of files that the kernel knows, which may be
 * all of a large tree, is not bounded by the limit of open files.
 *
 * Before the name of a known node goes, the node is pinned: its descriptor is kept
 * until FORGET.  It keeps the file usable for who has it open, and its inode number
 * from being given to another file. */
#include "fs/backing.h"

#include "fs/inode.h"
#include "fs/privateroot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_HELD 256

typedef struct _Node Node;

struct _Node
{
  guint64 id; /* key in the table */
  ino_t ino;
  Node *parent; /* NULL: the root, or pinned */
  char *name;   /* in @parent */
  int fd;       /* O_PATH, or -1 */
  GList link;   /* in held, if @fd is there and not pinned */
  guint64 n_lookups;
  guint n_children; /* nodes whose @parent this is */
};

struct _MfBacking
{
  Node root;         /* STATE/private, pinned */
  dev_t device;      /* of all files */
  GHashTable *nodes; /* of Node by id: folders, once used, and what the kernel knows */
  GQueue held;       /* of Node, most recently used first */
};

/* ---- nodes ------------------------------------------------------------ */

static guint64
id_of_ino (ino_t ino)
{
  return mf_inode_to_node ((MfInode){ MF_INODE_PRIVATE, (gint64)ino });
}

static void
let_go (MfBacking *self, Node *node)
{
  if (node->parent != NULL && node->fd >= 0)
    g_queue_unlink (&self->held, &node->link);
  if (node->fd >= 0)
    close (node->fd);
  node->fd = -1;
}

static void drop_if_unused (MfBacking *self, Node *node);

static void
set_place (MfBacking *self, Node *node, Node *parent, const char *name)
{
  Node *old = node->parent;

  if (parent != NULL)
    parent->n_children++;
  g_free (node->name);
  node->parent = parent;
  node->name = g_strdup (name);
  if (old != NULL)
    {
      old->n_children--;
      drop_if_unused (self, old);
    }
}

static void
free_node (gpointer data)
{
  Node *node = data;

  if (node->fd >= 0)
    close (node->fd);
  g_free (node->name);
  g_free (node);
}

static gboolean
is_folder (const Node *node)
{
  return mf_inode_from_node (node->id).kind == MF_INODE_FOLDER;
}

static void
drop_if_unused (MfBacking *self, Node *node)
{
  if (node == &self->root || is_folder (node) || node->n_lookups > 0 || node->n_children > 0)
    return;
  let_go (self, node);
  set_place (self, node, NULL, NULL);
  g_hash_table_remove (self->nodes, &node->id);
}

static Node *
add_node (MfBacking *self, guint64 id, ino_t ino, Node *parent, const char *name)
{
  Node *node = g_new0 (Node, 1);

  *node = (Node){ .id = id, .ino = ino, .fd = -1 };
  node->link.data = node;
  set_place (self, node, parent, name);
  g_hash_table_insert (self->nodes, &node->id, node);
  return node;
}

/* ---- descriptors ------------------------------------------------------ */

static void
hold (MfBacking *self, Node *node, int fd)
{
  node->fd = fd;
  g_queue_push_head_link (&self->held, &node->link);
  if (self->held.length > MAX_HELD)
    let_go (self, g_queue_peek_tail (&self->held));
}

/* That it is still the same file is checked, for a name may have been changed
 * behind our back. */
static int
open_again (const Node *node, int parent_fd)
{
  int fd = openat (parent_fd, node->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat stat;

  if (fd < 0)
    return -errno;
  if (fstat (fd, &stat) == 0 && stat.st_ino == node->ino)
    return fd;
  close (fd);
  return -ESTALE;
}

static int
fd_of (MfBacking *self, Node *node)
{
  int fd;

  if (node->fd < 0)
    {
      fd = fd_of (self, node->parent);
      if (fd >= 0)
        fd = open_again (node, fd);
      if (fd >= 0)
        hold (self, node, fd);
      return fd;
    }
  if (node->parent != NULL)
    {
      g_queue_unlink (&self->held, &node->link);
      g_queue_push_head_link (&self->held, &node->link);
    }
  return node->fd;
}

static int
pin (MfBacking *self, Node *node)
{
  int fd = fd_of (self, node);

  if (fd < 0)
    return fd;
  g_queue_unlink (&self->held, &node->link);
  set_place (self, node, NULL, NULL);
  return 0;
}

/* (nullable) */
static Node *
find_folder (MfBacking *self, guint64 id, MfFolderId folder)
{
  struct stat stat;
  char name[MF_PRIVATEROOT_NAME_MAX + 1];

  if (!mf_privateroot_stat (self->root.fd, folder, &stat))
    return NULL;
  mf_privateroot_name (folder, name);
  return add_node (self, id, stat.st_ino, &self->root, name);
}

/* (nullable) */
static Node *
find_node (MfBacking *self, guint64 id)
{
  Node *node = g_hash_table_lookup (self->nodes, &id);
  MfInode inode = mf_inode_from_node (id);

  if (node == NULL && inode.kind == MF_INODE_FOLDER)
    node = find_folder (self, id, inode.id);
  return node;
}

int
mf_backing_fd (MfBacking *self, guint64 node)
{
  Node *found = find_node (self, node);

  return found != NULL ? fd_of (self, found) : -ENOENT;
}

int
mf_backing_dir_fd (MfBacking *self, guint64 dir)
{
  MfInode inode = mf_inode_from_node (dir);
  int result;

  if (inode.kind == MF_INODE_FOLDER && find_node (self, dir) == NULL)
    {
      result = mf_privateroot_make (self->root.fd, inode.id);
      if (result < 0)
        return result;
    }
  return mf_backing_fd (self, dir);
}

/* ---- names ------------------------------------------------------------ */

int
mf_backing_stat (MfBacking *self, guint64 node, struct stat *out_stat)
{
  int fd = mf_backing_fd (self, node);

  if (fd < 0)
    return fd;
  if (fstat (fd, out_stat) != 0)
    return -errno;
  out_stat->st_ino = node;
  return 0;
}

/* Something else may have been mounted there: its inode numbers are not ours. */
static int
stat_name (const MfBacking *self, int dir_fd, const char *name, struct stat *out_stat)
{
  if (fstatat (dir_fd, name, out_stat, AT_SYMLINK_NOFOLLOW) != 0)
    return -errno;
  return out_stat->st_dev == self->device ? 0 : -EXDEV;
}

int
mf_backing_lookup (MfBacking *self, guint64 dir, const char *name, struct stat *out_stat)
{
  int result = mf_backing_fd (self, dir);
  Node *node, *parent;
  guint64 id;

  if (result >= 0)
    result = stat_name (self, result, name, out_stat);
  if (result < 0)
    return result;

  parent = find_node (self, dir);
  id = id_of_ino (out_stat->st_ino);
  node = g_hash_table_lookup (self->nodes, &id);
  if (node == NULL)
    node = add_node (self, id, out_stat->st_ino, parent, name);
  /* Numbers that differ only in the bits that a node id has no room for. */
  else if (node->ino != out_stat->st_ino)
    return -EOVERFLOW;
  else if (node->parent != NULL && (node->parent != parent || !g_str_equal (node->name, name)))
    set_place (self, node, parent, name);
  node->n_lookups++;
  out_stat->st_ino = id;
  return 0;
}

void
mf_backing_forget (MfBacking *self, guint64 node, guint64 n_lookups)
{
  Node *found = g_hash_table_lookup (self->nodes, &node);

  if (found == NULL)
    return;
  found->n_lookups -= MIN (n_lookups, found->n_lookups);
  drop_if_unused (self, found);
}

guint
mf_backing_count (const MfBacking *self)
{
  return g_hash_table_size (self->nodes);
}

/* The node that would lose its place with this name. (nullable) */
static Node *
find_by_place (MfBacking *self, Node *parent, int dir_fd, const char *name)
{
  struct stat stat;
  guint64 id;
  Node *node;

  if (stat_name (self, dir_fd, name, &stat) < 0)
    return NULL;
  id = id_of_ino (stat.st_ino);
  node = g_hash_table_lookup (self->nodes, &id);
  if (node == NULL || node->parent != parent || !g_str_equal (node->name, name))
    return NULL;
  return node;
}

int
mf_backing_unlink (MfBacking *self, guint64 dir, const char *name, int flags)
{
  int fd = mf_backing_fd (self, dir), result = 0;
  Node *node;

  if (fd < 0)
    return fd;
  node = find_by_place (self, find_node (self, dir), fd, name);
  if (node != NULL)
    result = fd_of (self, node);
  if (result >= 0)
    result = unlinkat (fd, name, flags) == 0 ? 0 : -errno;
  if (result == 0 && node != NULL)
    result = pin (self, node);
  return result;
}

int
mf_backing_rename (MfBacking *self, guint64 dir, const char *name, guint64 new_dir,
                   const char *new_name, guint flags)
{
  int fd = mf_backing_fd (self, dir), new_fd = mf_backing_dir_fd (self, new_dir), result = 0;
  Node *parent = find_node (self, dir), *new_parent = find_node (self, new_dir);
  Node *node, *replaced;

  if (fd < 0 || new_fd < 0)
    return MIN (fd, new_fd);
  node = find_by_place (self, parent, fd, name);
  replaced = find_by_place (self, new_parent, new_fd, new_name);
  if (replaced != NULL)
    result = fd_of (self, replaced);
  if (result >= 0)
    result = renameat2 (fd, name, new_fd, new_name, flags) == 0 ? 0 : -errno;
  if (result < 0 || node == replaced)
    return result;

  if (replaced != NULL && (flags & RENAME_EXCHANGE))
    set_place (self, replaced, parent, name);
  else if (replaced != NULL)
    result = pin (self, replaced);
  if (node != NULL)
    set_place (self, node, new_parent, new_name);
  return result;
}

/* ---- opening and closing ---------------------------------------------- */

MfBacking *
mf_backing_new (int root_fd)
{
  MfBacking *self = g_new0 (MfBacking, 1);
  struct stat stat;

  self->root.fd = root_fd;
  if (fstat (root_fd, &stat) == 0)
    self->device = stat.st_dev;
  self->nodes = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, free_node);
  return self;
}

void
mf_backing_free (MfBacking *self)
{
  g_hash_table_unref (self->nodes);
  g_free (self);
}
