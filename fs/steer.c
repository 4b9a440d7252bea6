#include "fs/steer.h"

#include "fs/errmap.h"
#include "fs/find.h"

#include <errno.h>
#include <string.h>

typedef struct
{
  MfRequest *request;
  size_t size;
} Syncing;

static void
on_synced (const GError *error, gpointer user_data)
{
  Syncing *self = user_data;
  fuse_req_t req = mf_request_claim (self->request);

  if (req != NULL && error != NULL)
    fuse_reply_err (req, mf_errmap_errno (error));
  else if (req != NULL)
    fuse_reply_write (req, self->size);
  mf_request_done (self->request);
  g_free (self);
}

static void
sync_all (MfMount *mount, fuse_req_t req, size_t size)
{
  MfRequest *request = mf_request_park (mount->requests, req);
  Syncing *self;

  if (request == NULL)
    return;
  self = g_new0 (Syncing, 1);
  *self = (Syncing){ request, size };
  mf_cache_sync (mount->cache, on_synced, self);
}

/* ---- commands that are answered at once ------------------------------- */

static gboolean
go_online (MfCache *cache, const char *argument, GError **error)
{
  mf_cache_go_online (cache);
  return TRUE;
}

static gboolean
go_offline (MfCache *cache, const char *argument, GError **error)
{
  mf_cache_go_offline (cache);
  return TRUE;
}

static gboolean
retry (MfCache *cache, const char *argument, GError **error)
{
  return mf_cache_retry (cache, error);
}

static gboolean
release (MfCache *cache, const char *argument, GError **error)
{
  return mf_cache_release (cache, error);
}

static gboolean
restore (MfCache *cache, const char *argument, GError **error)
{
  return mf_cache_restore (cache, error);
}

static gboolean
discard (MfCache *cache, const char *number, GError **error)
{
  guint64 seq = 0;

  if (g_ascii_string_to_unsigned (number, 10, 1, G_MAXINT64, &seq, NULL))
    return mf_cache_discard (cache, (gint64)seq, error);
  g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_INVALID, "no number of a change: %s", number);
  return FALSE;
}

/* @path as in the tree: "Lists/2026". */
static gboolean
prefetch (MfCache *cache, const char *path, GError **error)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  MfFolderId id = MF_FOLDER_ROOT;

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_auto (MfFolder) folder = { 0 };

      if (!mf_find_folder (cache, id, names[i], &folder, error))
        return FALSE;
      id = folder.id;
    }
  return mf_cache_prefetch (cache, id, error);
}

static const struct
{
  const char *word;
  gboolean has_argument;
  gboolean (*run) (MfCache *cache, const char *argument, GError **error);
} commands[] = {
  { "online", FALSE, go_online }, { "offline", FALSE, go_offline }, { "retry", FALSE, retry },
  { "release", FALSE, release },  { "restore", FALSE, restore },    { "discard", TRUE, discard },
  { "prefetch", TRUE, prefetch },
};

static gboolean
run (MfCache *cache, const char *line, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      const char *word = commands[i].word;
      size_t length = strlen (word);

      if (commands[i].has_argument && g_str_has_prefix (line, word) && line[length] == ' ')
        return commands[i].run (cache, line + length + 1, error);
      if (!commands[i].has_argument && g_str_equal (line, word))
        return commands[i].run (cache, NULL, error);
    }
  g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_INVALID, "no such command: %s", line);
  return FALSE;
}

void
mf_steer_write (fuse_req_t req, const char *bytes, size_t size)
{
  MfMount *mount = mf_mount_of (req);
  g_autofree char *line = g_strstrip (g_strndup (bytes, size));
  g_autoptr (GError) error = NULL;

  if (g_str_equal (line, "sync"))
    sync_all (mount, req, size);
  else if (run (mount->cache, line, &error))
    fuse_reply_write (req, size);
  else
    fuse_reply_err (req, mf_errmap_report (error, "ctl"));
}
