/* reply.h - one response of the server, cut out of the stream.
 *
 * Shape:   a line with all its literals, so that whatever a parser makes of it,
 *          the next one starts in the right place.  Body literals of FETCH do
 *          not stay in it: they go to a MfBodySink while they arrive, and an
 *          empty literal stands in their place.
 * Units:   bytes.  A reply without bodies may have MF_REPLY_MAX of them.
 * Threads: any, one at a time for one reply.
 * Errors:  those of stream.h; MF_REMOTE_ERROR_PROTOCOL when it is too long.
 * Source:  RFC 9051 section 9, `response`.
 */
#pragma once

#include "proto/remote.h"
#include "proto/scan.h"
#include "proto/stream.h"

enum
{
  MF_REPLY_MAX = 64 * 1024 * 1024
};

typedef enum
{
  MF_REPLY_DATA,     /* "* 3 FETCH (...)" */
  MF_REPLY_STATUS,   /* "* OK [code] words" */
  MF_REPLY_TAGGED,   /* "A1 OK [code] words" */
  MF_REPLY_CONTINUE, /* "+ words" */
  MF_REPLY_STRANGE,  /* none of these */
} MfReplyKind;

typedef enum
{
  MF_STATE_OK,
  MF_STATE_NO,
  MF_STATE_BAD,
  MF_STATE_BYE,
  MF_STATE_PREAUTH,
} MfReplyState;

/* All pointers are into @text, valid until the next read. */
typedef struct
{
  GString *text; /* the whole, ending in CRLF */
  MfReplyKind kind;
  guint tag;          /* TAGGED: the number behind "A" */
  MfReplyState state; /* STATUS, TAGGED */
  MfScan code;        /* STATUS, TAGGED: within the brackets; empty without */
  MfScan words;       /* STATUS, TAGGED, CONTINUE: for humans */
  guint32 number;     /* DATA: of "* 3 FETCH", else 0 */
  MfScan name;        /* DATA: "FETCH" */
  MfScan args;        /* DATA: behind the name and a space */
  gboolean has_body;  /* begin was called */
} MfReply;

void mf_reply_init (MfReply *self);
void mf_reply_clear (MfReply *self);

/* @sink (nullable): without it, bodies are thrown away.  Only begin and data of
 * it are called. */
gboolean mf_reply_read (MfReply *self, MfStream *stream, const MfBodySink *sink, gpointer user_data,
                        GCancellable *cancellable, GError **error);

/* Whether this is the untagged data of that name, in any case. */
gboolean mf_reply_is (const MfReply *self, const char *name);
/* Whether the code begins with that word, in any case. */
gboolean mf_reply_has_code (const MfReply *self, const char *word);
