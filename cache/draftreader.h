/* draftreader.h - a draft's file on its way to the server.
 *
 * Shape:   reads a file and gives the wire's bytes; what it found out on the first
 *          reading holds as long as nobody writes the file.
 * Threads: one.
 * Errors:  MF_CACHE_ERROR_INVALID, _CORRUPT.
 */
#pragma once

#include "cache/cache.h"

/* A message is not empty and has no NUL (RFC 5322 section 4). */
gboolean mf_draft_check (int fd, GError **error);

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
  gboolean after_cr;  /* the byte before was one */
  gboolean added_cr;  /* for the LF that is next */
} MfDraftReader;

/* Takes @fd, also on failure.  Reads the file once to know what it is. */
gboolean mf_draft_reader_init (MfDraftReader *self, int fd, GError **error);
void mf_draft_reader_clear (MfDraftReader *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfDraftReader, mf_draft_reader_clear)
/* As MfUpload.read. */
gssize mf_draft_reader_read (char *buffer, gsize size, gpointer reader);
/* (transfer full) what is told apart by content: as digest.h has it of a message on
 * the server.  From the beginning, and back there. */
char *mf_draft_reader_digest (MfDraftReader *self, GError **error);
