#include "cache/upload.h"

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

GArray *
mf_upload_requests (GArray *files, const MfGroup *group)
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
