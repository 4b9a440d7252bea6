#include "cache/upload.h"

#include "cache/error.h"

static void
clear_file (gpointer data)
{
  MfUploadFile *file = data;

  mf_draft_reader_clear (&file->reader);
  g_free (file->digest);
}

static gboolean
open_one (MfDrafts *drafts, const MfMessage *row, MfUploadFile *out, GError **error)
{
  int fd = mf_drafts_open_file (drafts, row, error);

  if (fd < 0 || !mf_draft_reader_init (&out->reader, fd, error) || !mf_draft_check (fd, error))
    return FALSE;
  out->digest = mf_draft_reader_digest (&out->reader, error);
  return out->digest != NULL;
}

GArray *
mf_upload_open (MfDrafts *drafts, const MfGroup *group, guint *out_bad, GError **error)
{
  g_autoptr (GArray) files = g_array_new (FALSE, FALSE, sizeof (MfUploadFile));

  g_array_set_clear_func (files, clear_file);
  for (guint i = 0; i < group->messages->len; i++)
    {
      MfUploadFile file = { { .fd = -1 }, NULL };
      gboolean ok
          = open_one (drafts, &g_array_index (group->messages, MfMessage, i), &file, error);
      g_array_append_val (files, file);
      *out_bad = i;
      if (!ok)
        return NULL;
    }
  return g_steal_pointer (&files);
}

/* What to hand to the remote, with flags and date as in the messages of @group. */
static GArray *
make_requests (GArray *files, const MfGroup *group)
{
  GArray *uploads = g_array_new (FALSE, TRUE, sizeof (MfUpload));

  for (guint i = 0; i < files->len; i++)
    {
      const MfMessage *row = &g_array_index (group->messages, MfMessage, i);
      MfUploadFile *file = &g_array_index (files, MfUploadFile, i);
      MfUpload upload = { .flags = row->flags, .keywords = row->keywords,
                          .internaldate = row->internaldate, .size = file->reader.wire_size,
                          .read = mf_draft_reader_read, .user_data = &file->reader };
      g_array_append_val (uploads, upload);
    }
  return uploads;
}

/* ---- sending ---------------------------------------------------------- */

typedef struct
{
  GArray *uploads; /* of MfUpload */
  guint done;
} Batch;

static const MfUpload *
upload_at (const Batch *batch, guint i)
{
  return &g_array_index (batch->uploads, MfUpload, i);
}

static gboolean
has_arrived (const Batch *batch, guint i)
{
  return i < batch->done || upload_at (batch, i)->out_uid != 0;
}

/* Its content becomes the cached body by and by (adopt.h). */
static gboolean
as_uploaded (MfSending *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  const Batch *batch = data;
  const MfUpload *upload = upload_at (batch, i);

  return !has_arrived (batch, i)
         || mf_settle_arrived (&self->settle, now, self->target.id, upload->out_uid, error);
}

/* Of those behind a refusal it is not known which one was meant, and what the
 * server has done: recover.h finds out, then each is tried alone. */
static gboolean
settle_rest (MfSending *self, const Batch *batch, GError *why, GError **error)
{
  for (guint i = self->group->changes->len; i-- > 0;)
    if (has_arrived (batch, i))
      mf_sending_drop (self, i);
  guint n = self->group->changes->len;
  mf_link_check (self->link, why);
  if (n <= 1 || mf_error_is_passing (why) || !mf_link_is_open (self->link))
    return mf_sending_settle_failed (self, why, error);
  g_error_free (why);
  self->engine->upload_alone = n;
  return TRUE;
}

gboolean
mf_upload_send (MfSending *self, GError **error)
{
  g_autoptr (GArray) uploads = make_requests (self->files, self->group);
  Batch batch = { uploads, 0 };
  guint32 uidvalidity = 0;
  GError *why = NULL;
  gboolean ok = self->link->ops->append (self->link->remote, self->target.mailbox,
                                         (MfUpload *) (gpointer) uploads->data, uploads->len,
                                         &batch.done, &uidvalidity, self->link->cancellable, &why);

  if (ok)
    batch.done = uploads->len;
  if (!mf_sending_learn_validity (self, uidvalidity, error)
      || !mf_sending_settle (self, as_uploaded, &batch, error))
    {
      g_clear_error (&why);
      return FALSE;
    }
  return ok || settle_rest (self, &batch, why, error);
}
