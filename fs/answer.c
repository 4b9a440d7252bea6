#include "fs/answer.h"

#include "fs/errmap.h"

#include <errno.h>

#define MAX_NAMES 2

/* An answer that waits for the server. */
typedef struct
{
  MfMount *mount;
  MfRequest *request;
  gboolean has_entry;
  struct fuse_entry_param entry;
  guint64 parents[MAX_NAMES];
  char *names[MAX_NAMES]; /* (nullable) */
} Waiting;

gboolean
mf_answer_read_only (fuse_req_t req)
{
  if (!mf_mount_of (req)->read_only)
    return FALSE;
  fuse_reply_err (req, EROFS);
  return TRUE;
}

void
mf_answer_error (fuse_req_t req, const GError *error, const char *what)
{
  fuse_reply_err (req, mf_errmap_report (error, what));
}

static void
take_names_back (const Waiting *self)
{
  for (guint i = 0; i < MAX_NAMES; i++)
    if (self->names[i] != NULL)
      mf_notify_name (self->mount->notify, self->parents[i], self->names[i]);
}

static void
on_pushed (const GError *error, gpointer user_data)
{
  Waiting *self = user_data;
  fuse_req_t req = mf_request_claim (self->request);

  /* What the server refuses has been logged when it said so. */
  if (req != NULL && error != NULL)
    fuse_reply_err (req, mf_errmap_errno (error));
  else if (req != NULL && self->has_entry)
    fuse_reply_entry (req, &self->entry);
  else if (req != NULL)
    fuse_reply_err (req, 0);
  mf_request_done (self->request);
  if (req == NULL || error != NULL)
    take_names_back (self);
  for (guint i = 0; i < MAX_NAMES; i++)
    g_free (self->names[i]);
  g_free (self);
}

/* @entry (nullable): NULL when the answer is a mere yes. */
static void
answer (fuse_req_t req, MfMsgId message, const struct fuse_entry_param *entry,
        const MfEntryName *names, guint n)
{
  MfMount *mount = mf_mount_of (req);
  MfRequest *request = mf_request_park (mount->requests, req);
  Waiting *self;

  if (request == NULL)
    return;
  self = g_new0 (Waiting, 1);
  self->mount = mount;
  self->request = request;
  self->has_entry = entry != NULL;
  if (entry != NULL)
    self->entry = *entry;
  for (guint i = 0; i < n; i++)
    {
      self->parents[i] = names[i].parent;
      self->names[i] = g_strdup (names[i].name);
    }
  if (!mf_cache_want_own_pushed (mount->cache, message, on_pushed, self))
    on_pushed (NULL, self);
}

void
mf_answer_done (fuse_req_t req, MfMsgId message, const MfEntryName *names, guint n)
{
  if (mf_mount_of (req)->sync)
    answer (req, message, NULL, names, n);
  else
    fuse_reply_err (req, 0);
}

void
mf_answer_entry (fuse_req_t req, MfMsgId message, const struct stat *stat, double timeout_s,
                 MfEntryName name)
{
  struct fuse_entry_param entry = {
    .ino = stat->st_ino,
    .generation = 1,
    .attr = *stat,
    .attr_timeout = timeout_s,
    .entry_timeout = timeout_s,
  };

  if (mf_mount_of (req)->sync)
    answer (req, message, &entry, &name, 1);
  else
    fuse_reply_entry (req, &entry);
}
