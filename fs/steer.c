#include "fs/steer.h"

#include "fs/errmap.h"

#include <errno.h>
#include <string.h>

typedef struct
{
  MfRequest *request;
  size_t size;
} Syncing;

static void
on_pushed (const GError *error, gpointer user_data)
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
sync_changes (MfMount *mount, fuse_req_t req, size_t size)
{
  MfRequest *request = mf_request_park (mount->requests, req);
  Syncing *self;

  if (request == NULL)
    return;
  self = g_new0 (Syncing, 1);
  *self = (Syncing){ request, size };
  if (!mf_cache_want_pushed (mount->cache, on_pushed, self))
    on_pushed (NULL, self);
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

static gboolean
run (MfCache *cache, const char *line, GError **error)
{
  if (g_str_equal (line, "release"))
    return mf_cache_release (cache, error);
  if (g_str_equal (line, "restore"))
    return mf_cache_restore (cache, error);
  if (g_str_has_prefix (line, "discard "))
    return discard (cache, line + strlen ("discard "), error);
  if (g_str_equal (line, "online"))
    {
      mf_cache_go_online (cache);
      return TRUE;
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
    sync_changes (mount, req, size);
  else if (run (mount->cache, line, &error))
    fuse_reply_write (req, size);
  else
    fuse_reply_err (req, mf_errmap_report (error, "ctl"));
}
