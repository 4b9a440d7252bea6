/* entry.h - an entry of the journal: a change, and how far it is.
 *
 * Units:   MfSeq counts from 1 and is never reused; 0 means "no entry".
 * Threads: any.
 * Errors:  MF_CACHE_ERROR_CORRUPT.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"

typedef gint64 MfSeq;

typedef enum
{
  MF_CHANGE_FLAGS,  /* add and remove flags and keywords */
  MF_CHANGE_MOVE,   /* to `folder` */
  MF_CHANGE_COPY,   /* of `source` to `folder` */
  MF_CHANGE_APPEND, /* the draft to `folder` */
  MF_CHANGE_EXPUNGE,
  MF_CHANGE_CREATE, /* `folder` itself, and the three below */
  MF_CHANGE_DELETE,
  MF_CHANGE_RENAME,
  MF_CHANGE_SUBSCRIBE, /* as the row says */
  MF_CHANGE_LABELS,    /* of a message again: add and remove them (labels.h) */
} MfChangeKind;

typedef enum
{
  MF_CHANGE_QUEUED,
  MF_CHANGE_SENT,   /* asked, the answer is not stored: what it did is unknown */
  MF_CHANGE_HELD,   /* the guard keeps it until release or restore */
  MF_CHANGE_FAILED, /* refused for good, kept to be shown */
  MF_CHANGE_DONE,   /* the server said yes, but not which UID came of it */
} MfChangeState;

typedef struct
{
  MfSeq seq;
  MfChangeKind kind;
  MfChangeState state;
  MfMsgId message;
  MfFolderId folder;
  MfFolderId parent; /* CREATE, RENAME: where `folder` is to be, */
  char *name;        /* (nullable) and what it is to be called there, UTF-8; FLAGS, MOVE: the
                      * base that the message had before, "" a generated one */
  MfFlags add_flags, remove_flags; /* EXPUNGE: to be told if it is taken back */
  char *add_keywords, *remove_keywords; /* (nullable) labels for LABELS */
  MfMsgId source, after; /* schema.sql */
  gboolean removal;
  guint32 uidnext; /* of what makes messages: no UID that came of it is below; of other
                    * kinds 1: it was sent before, and may have been done; */
  char *digest;    /* (nullable) and the content of an upload (drafts.h) */
  char *error;     /* (nullable) */
} MfChange;

void mf_entry_clear (MfChange *change);
void mf_entry_copy (const MfChange *from, MfChange *to);
/* It adds or removes a flag or a keyword. */
gboolean mf_entry_has_flags (const MfChange *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfChange, mf_entry_clear)

/* SQL: a change of flags of message ?1 that is there before a copy is made of it, which has
 * them then, whatever becomes of the message. */
#define MF_ENTRY_IS_COPIED                                                                         \
  "(kind = 0 AND seq < (SELECT COALESCE(MAX(copy.seq), 0) FROM change AS copy"                     \
  "                     WHERE copy.source = ?1 AND copy.kind = 2 AND copy.state != 3))"

/* What a SELECT is to ask for, and its next row: FALSE without @error when there is
 * none. */
#define MF_ENTRY_COLUMNS                                                                           \
  "seq, kind, state, message, folder, add_flags, remove_flags, add_keywords, remove_keywords,"     \
  " source, after, removal, uidnext, error, parent, name, digest"
gboolean mf_entry_next (MfDbQuery *query, MfChange *out, GError **error);
