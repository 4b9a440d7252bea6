#include "fs/burst.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* FUSE_NOTIFY_INC_EPOCH, Linux 6.16: every name is asked for again. */
#define NOTIFY_INC_EPOCH 8

typedef struct
{
  guint64 node;
  gboolean is_known; /* to the kernel; nobody watches what is not */
  gboolean names;    /* are gone, nobody knows which */
  gboolean touch;    /* somebody may watch it who was not told of all */
  guint echoes;
} Directory;

struct _MfBurst
{
  struct fuse_session *session;
  MfIdSet *hints;
  MfEcho *echo;
  gboolean is_open, is_mute; /* the echo has begun; it cannot */
  GHashTable *directories;   /* node -> Directory */
};

MfBurst *
mf_burst_begin (struct fuse_session *session, MfIdSet *hints, MfEcho *echo)
{
  MfBurst *self = g_new0 (MfBurst, 1);

  self->session = session;
  self->hints = hints;
  self->echo = echo;
  self->directories = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  return self;
}

static gboolean
open_echo (MfBurst *self)
{
  if (!self->is_open && !self->is_mute)
    {
      self->is_open = mf_echo_begin (self->echo);
      self->is_mute = !self->is_open;
    }
  return self->is_open;
}

/* The kernel's attributes go here, its listing at the end. */
static Directory *
note (MfBurst *self, guint64 node)
{
  Directory *directory = g_hash_table_lookup (self->directories, &node);

  if (directory != NULL)
    return directory;
  directory = g_new0 (Directory, 1);
  directory->node = node;
  /* ENOENT: it has never seen it, and knows no name in it either. */
  directory->is_known
      = fuse_lowlevel_notify_inval_inode (self->session, node, -1, 0) != -ENOENT;
  g_hash_table_insert (self->directories, &directory->node, directory);
  return directory;
}

/* ---- names ------------------------------------------------------------ */

static void
forget_name (MfBurst *self, MfEntryName entry)
{
  fuse_lowlevel_notify_inval_entry (self->session, entry.parent, entry.name, strlen (entry.name));
}

/* @from, @to (nullable) */
static gboolean
may_echo (Directory *from, Directory *to)
{
  Directory *counted = to != NULL ? to : from;

  return counted->echoes++ < MF_BURST_MOST;
}

static void
add_message (MfBurst *self, const MfBurstChange *change)
{
  Directory *from = change->from.name != NULL ? note (self, change->from.parent) : NULL;
  Directory *to = change->to.name != NULL ? note (self, change->to.parent) : NULL;
  gboolean is_known = (from != NULL && from->is_known) || (to != NULL && to->is_known);

  if (!is_known
      || (may_echo (from, to) && mf_echo_may_move (self->echo) && open_echo (self)
          && mf_echo_move (self->echo, change->id, change->from, change->to)))
    return;
  if (from != NULL)
    {
      forget_name (self, change->from);
      from->touch = TRUE;
    }
  if (to != NULL)
    {
      forget_name (self, change->to);
      to->touch = TRUE;
    }
}

/* Only if the kernel was given a hint: its next look then finds the exact size,
 * and an open after that has nothing to take back. */
static void
add_size (MfBurst *self, guint64 node)
{
  MfMsgId id = mf_inode_from_node (node).id;

  if (!mf_idset_has (self->hints, id))
    return;
  fuse_lowlevel_notify_inval_inode (self->session, node, -1, 0);
  mf_idset_clear (self->hints, id);
}

static void
add_names (MfBurst *self, guint64 node)
{
  Directory *directory = note (self, node);

  directory->names = directory->touch = TRUE;
}

void
mf_burst_add (MfBurst *self, const MfBurstChange *change)
{
  switch (change->kind)
    {
    case MF_CHANGE_MESSAGE:
      add_message (self, change);
      break;
    case MF_CHANGE_NAME:
      forget_name (self, change->from);
      break;
    case MF_CHANGE_DIRECTORY:
      note (self, change->node);
      break;
    case MF_CHANGE_TOUCHED:
      note (self, change->node)->touch = TRUE;
      break;
    case MF_CHANGE_NAMES:
      add_names (self, change->node);
      break;
    case MF_CHANGE_SIZE:
      add_size (self, change->node);
      break;
    case MF_CHANGE_CONTENT:
      fuse_lowlevel_notify_inval_inode (self->session, change->node, 0, 0);
      break;
    }
}

/* ---- directories ------------------------------------------------------ */

/* libfuse 3.14 has no call for it.  The message is a fuse_out_header whose
 * error field is the code and whose unique is 0. */
static gboolean
send_inc_epoch (MfBurst *self)
{
  struct
  {
    guint32 size;
    gint32 code;
    guint64 unique;
  } header = { sizeof header, NOTIFY_INC_EPOCH, 0 };
  ssize_t n = write (fuse_session_fd (self->session), &header, sizeof header);

  return n == (ssize_t)sizeof header;
}

/* An older kernel forgets the directory's own name, and with it all in it. */
static void
forget_names (MfBurst *self, guint64 node)
{
  MfInode inode = mf_inode_from_node (node);
  const char *name = inode.kind == MF_INODE_CUR ? "cur" : "new";

  forget_name (self, (MfEntryName){ mf_inode_folder (inode.id), name });
}

static void
tell_directories (MfBurst *self)
{
  gboolean epoch_sent = FALSE;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->directories);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Directory *directory = value;

      if (fuse_lowlevel_notify_inval_inode (self->session, directory->node, 0, 0) == -ENOENT
          || !directory->names)
        continue;
      if (!epoch_sent)
        epoch_sent = send_inc_epoch (self);
      if (!epoch_sent)
        forget_names (self, directory->node);
    }
}

/* Whoever wakes up finds everything as it is. */
static void
touch_directories (MfBurst *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->directories);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Directory *directory = value;

      if (directory->touch && directory->is_known && open_echo (self))
        mf_echo_touch (self->echo, directory->node);
    }
}

void
mf_burst_end (MfBurst *self)
{
  tell_directories (self);
  touch_directories (self);
  if (self->is_open)
    mf_echo_end (self->echo);
  g_hash_table_unref (self->directories);
  g_free (self);
}
