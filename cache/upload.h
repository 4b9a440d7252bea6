/* upload.h - the drafts of a group on their way to the server.
 *
 * Shape:   opened before the entries are marked, so that the digests can be noted;
 *          entries whose file cannot be sent are told apart here.
 * Threads: the push worker.
 * Errors:  as sending.h.
 */
#pragma once

#include "cache/draftreader.h"
#include "cache/sending.h"

typedef struct
{
  MfDraftReader reader;
  char *digest;
} MfUploadFile;

/* (transfer full) (element-type MfUploadFile), one for each entry of @group.  NULL
 * with @error: the file of entry *@out_bad cannot be sent. */
GArray *mf_upload_open (MfDrafts *drafts, const MfGroup *group, guint *out_bad, GError **error);
/* The group, whose files are open, by MULTIAPPEND or as the remote can. */
gboolean mf_upload_send (MfSending *self, GError **error);
