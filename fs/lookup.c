#include "fs/lookup.h"

#include "fs/attr.h"
#include "fs/control.h"
#include "fs/errmap.h"
#include "fs/find.h"
#include "fs/inode.h"

#include <errno.h>

static void
reply_error (fuse_req_t req, const GError *error)
{
  fuse_reply_err (req, mf_errmap_report (error, "lookup"));
}

static void
reply_entry (fuse_req_t req, const struct stat *stat, double entry_timeout_s, double attr_timeout_s)
{
  struct fuse_entry_param entry = {
    .ino = stat->st_ino,
    .generation = 1,
    .attr = *stat,
    .attr_timeout = attr_timeout_s,
    .entry_timeout = entry_timeout_s,
  };

  fuse_reply_entry (req, &entry);
}

/* ---- messages --------------------------------------------------------- */

typedef struct
{
  MfMount *mount;
  MfRequest *request;
  MfFolderId folder;
  MfPlace place;
  char *name;
} Waiting;

/* A stale name is right for this one open only, so it is not kept. */
static void
reply_message (MfMount *mount, fuse_req_t req, const MfMessage *message, const char *name,
               gboolean stale)
{
  guint64 node = stale ? mf_inode_alias (message->id, name) : mf_inode_message (message->id);
  double timeout_s = stale ? 0 : MF_TIMEOUT_LONG_S;
  struct stat stat;

  mf_attr_fill_message (mount, message, node, &stat);
  reply_entry (req, &stat, timeout_s, timeout_s);
}

static void
answer_waiting (Waiting *self, fuse_req_t req, const GError *listing_error)
{
  g_auto (MfFolder) folder = { 0 };
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean stale;

  /* Offline a name that is not known is free: deliveries go on. */
  if (listing_error != NULL
      && !g_error_matches (listing_error, MF_CACHE_ERROR, MF_CACHE_ERROR_OFFLINE))
    reply_error (req, listing_error);
  else if (mf_cache_folder (self->mount->cache, self->folder, &folder, &error)
           && mf_find_message (self->mount->cache, &folder, self->place, self->name, &message,
                               &stale, &error))
    reply_message (self->mount, req, &message, self->name, stale);
  else
    reply_error (req, error);
}

static void
on_listed (const GError *error, gpointer user_data)
{
  Waiting *self = user_data;
  fuse_req_t req = mf_request_claim (self->request);

  if (req != NULL)
    answer_waiting (self, req, error);
  mf_request_done (self->request);
  g_free (self->name);
  g_free (self);
}

static void
wait_for_listing (MfMount *mount, fuse_req_t req, MfFolderId folder, MfPlace place,
                  const char *name)
{
  MfRequest *request = mf_request_park (mount->requests, req);
  Waiting *self;

  if (request == NULL)
    return;
  self = g_new0 (Waiting, 1);
  *self = (Waiting){ mount, request, folder, place, g_strdup (name) };
  if (!mf_cache_want_folder (mount->cache, folder, on_listed, self))
    on_listed (NULL, self);
}

static void
lookup_message (MfMount *mount, fuse_req_t req, MfFolderId id, MfPlace place, const char *name)
{
  g_auto (MfFolder) folder = { 0 };
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean stale;

  if (!mf_cache_folder (mount->cache, id, &folder, &error))
    reply_error (req, error);
  else if (mf_find_file (mount, &folder, place, name, &message, &stale, &error))
    reply_message (mount, req, &message, name, stale);
  else if (!folder.known && id != MF_FOLDER_LOST && !mf_find_is_draft_name (place, name))
    wait_for_listing (mount, req, id, place, name);
  else
    reply_error (req, error);
}

/* ---- directories ------------------------------------------------------ */

static gboolean
lookup_place (MfMount *mount, fuse_req_t req, MfFolderId id, const char *name)
{
  g_auto (MfFolder) folder = { 0 };
  double timeout_s = MF_TIMEOUT_LONG_S;
  struct stat stat;
  MfPlace place;

  if (!mf_places_parse (name, &place) || !mf_cache_folder (mount->cache, id, &folder, NULL))
    return FALSE;
  if (!mf_places_has (mount->places, mount->cache, &folder, place, fuse_req_ctx (req)->pid))
    return FALSE;
  if (mf_places_is_unusual (mount->places, id))
    timeout_s = 0;
  mf_attr_fill_place (mount, &folder, place, &stat);
  reply_entry (req, &stat, timeout_s, MF_TIMEOUT_LONG_S);
  return TRUE;
}

static void
reply_control (MfMount *mount, fuse_req_t req, gint64 id)
{
  struct stat stat;

  mf_attr_fill_control (mount, id, &stat);
  reply_entry (req, &stat, MF_TIMEOUT_LONG_S, mf_control_timeout_s (id));
}

static void
lookup_child (MfMount *mount, fuse_req_t req, MfFolderId parent, const char *name)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;
  struct stat stat;
  double timeout_s;

  if (mf_find_folder (mount->cache, parent, name, &folder, &error)
      && mf_attr_get (mount, mf_inode_folder (folder.id), &stat, &timeout_s, &error))
    reply_entry (req, &stat, MF_TIMEOUT_FOLDER_S, timeout_s);
  else
    reply_error (req, error);
}

static gboolean
lookup_dropped (MfMount *mount, fuse_req_t req, MfFolderId id, const char *name)
{
  MfMsgId dropped = mf_dropped_find (mount->dropped, id, name, fuse_req_ctx (req)->pid);
  g_auto (MfMessage) message = { 0 };

  if (dropped == 0 || !mf_cache_message (mount->cache, dropped, &message, NULL))
    return FALSE;
  reply_message (mount, req, &message, name, TRUE);
  return TRUE;
}

static void
lookup_in_folder (MfMount *mount, fuse_req_t req, MfFolderId id, const char *name)
{
  if (lookup_place (mount, req, id, name) || lookup_dropped (mount, req, id, name))
    return;
  if (id == MF_FOLDER_ROOT && g_str_equal (name, MF_CONTROL_NAME))
    reply_control (mount, req, MF_CONTROL_DIR);
  else if (name[0] == '.')
    fuse_reply_err (req, ENOENT);
  else
    lookup_child (mount, req, id, name);
}

/* lost+found is a place of a folder that is in no other directory. */
static void
lookup_lost (MfMount *mount, fuse_req_t req)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;
  struct stat stat;

  if (!mf_cache_folder (mount->cache, MF_FOLDER_LOST, &folder, &error))
    {
      reply_error (req, error);
      return;
    }
  mf_attr_fill_place (mount, &folder, MF_PLACE_CUR, &stat);
  reply_entry (req, &stat, MF_TIMEOUT_LONG_S, MF_TIMEOUT_LONG_S);
}

static void
lookup_control (MfMount *mount, fuse_req_t req, gint64 parent, const char *name)
{
  gint64 id = parent == MF_CONTROL_DIR ? mf_control_find (name) : 0;

  if (id != 0)
    reply_control (mount, req, id);
  else if (parent == MF_CONTROL_DIR && g_str_equal (name, MF_CONTROL_LOST))
    lookup_lost (mount, req);
  else
    fuse_reply_err (req, ENOENT);
}

void
mf_lookup (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  MfMount *mount = mf_mount_of (req);
  MfInode inode = mf_inode_from_node (parent);
  MfPlace place;

  if (mf_inode_is_place (inode, &place))
    lookup_message (mount, req, inode.id, place, name);
  else if (inode.kind == MF_INODE_FOLDER)
    lookup_in_folder (mount, req, inode.id, name);
  else if (inode.kind == MF_INODE_CONTROL)
    lookup_control (mount, req, inode.id, name);
  else
    fuse_reply_err (req, ENOENT);
}
