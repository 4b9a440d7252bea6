/* drafts.h - files with the content of messages that exist only here.
 *
 * Shape:   `outgoing/ID` in the account's state, as the reader sees it; a row with
 *          `draft` set says that the file counts.  A handle may be one of several.
 * Threads: any.
 * Errors:  MF_CACHE_ERROR_FULL, _CORRUPT, _INVALID.
 */
#pragma once

#include "cache/bodies.h"
#include "cache/cache.h"

typedef struct _MfDrafts MfDrafts;

MfDrafts *mf_drafts_open (const char *state_dir, GError **error);
void mf_drafts_close (MfDrafts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfDrafts, mf_drafts_close)

/* Opens the file, made anew when there is none: -1 with @error. */
int mf_drafts_open_file (MfDrafts *self, MfMsgId id, gboolean create, GError **error);
gboolean mf_drafts_write_body (MfDrafts *self, MfMsgId id, MfBody *body, GError **error);
gboolean mf_drafts_link (MfDrafts *self, MfMsgId from, MfMsgId to, GError **error);
void mf_drafts_delete (MfDrafts *self, MfMsgId id);
/* The files' names survive a power cut. */
gboolean mf_drafts_sync (MfDrafts *self, GError **error);
/* Deletes every file that @is_needed does not want. */
void mf_drafts_sweep (MfDrafts *self, gboolean (*is_needed) (MfMsgId id, gpointer user_data),
                      gpointer user_data);

/* Open for writing: not to be sent. */
void mf_drafts_hold (MfDrafts *self, MfMsgId id);
void mf_drafts_release (MfDrafts *self, MfMsgId id);
gboolean mf_drafts_is_held (MfDrafts *self, MfMsgId id);
gboolean mf_drafts_is_held_twice (MfDrafts *self, MfMsgId id);
/* Written since it was last looked at whole, by whichever handle. */
void mf_drafts_set_dirty (MfDrafts *self, MfMsgId id, gboolean dirty);
gboolean mf_drafts_is_dirty (MfDrafts *self, MfMsgId id);

/* A message is not empty and has no NUL (RFC 5322 section 4). */
gboolean mf_drafts_check (int fd, GError **error);

/* ---- on the way to the server ----------------------------------------- */

/* How the file's line ends become the wire's. */
typedef enum
{
  MF_DRAFT_AS_IT_IS,   /* CRLF throughout */
  MF_DRAFT_EACH_LF,    /* LF: the inverse of what readers see */
  MF_DRAFT_NORMALIZED, /* mixed: CRLF stays, LF alone becomes CRLF */
} MfDraftEol;

typedef struct
{
  int fd;
  MfDraftEol eol;
  guint64 wire_size;
  guint64 offset;     /* in the file */
  gboolean after_cr;
  gboolean owes_lf; /* there was no room for it */
} MfDraftReader;

/* Takes @fd.  Reads the file once to know what it is. */
gboolean mf_draft_reader_init (MfDraftReader *self, int fd, GError **error);
void mf_draft_reader_clear (MfDraftReader *self);
/* As MfUpload.read. */
gssize mf_draft_reader_read (char *buffer, gsize size, gpointer reader);
