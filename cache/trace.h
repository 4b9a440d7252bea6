/* trace.h - finding a message in a mailbox by what it is.
 *
 * Shape:   lists a mailbox from some UID on, keeps the list as long as the same is
 *          asked for, and compares: date and size first, then Message-ID and content
 *          (digest.h) where there is any to compare with.
 * Threads: the push worker.
 * Errors:  MF_REMOTE_ERROR; NOT_FOUND when there is no such mailbox.
 */
#pragma once

#include "cache/db.h"
#include "cache/link.h"

typedef struct _MfTrace MfTrace;

MfTrace *mf_trace_new (MfDb *db, MfLink *link);
void mf_trace_free (MfTrace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfTrace, mf_trace_free)

/* What is looked for. */
typedef struct
{
  gint64 date;
  guint64 size;        /* on the wire */
  const char *emailid; /* (nullable) decides where the server tells it */
  const char *message_id; /* (nullable) as in content.h; "": it has none */
  const char *digest;  /* (nullable) */
  gboolean loose;      /* the server may have changed date or size */
  gboolean strict;     /* nothing is it by date, size and Message-ID alone */
  gboolean sure;       /* it is there: if one alone has date and size, its Message-ID will do */
} MfTraceOf;

/* Selects @folder's mailbox and reads its UIDVALIDITY. */
gboolean mf_trace_open (MfTrace *self, const MfFolder *folder, guint32 *out_uidvalidity,
                        GError **error);
/* Is @uid in the mailbox?  It was opened before. */
gboolean mf_trace_has (MfTrace *self, const MfFolder *folder, guint32 uid, gboolean *out_has,
                       GError **error);
/* Has any such message date and size?  If not, nothing else need be known. */
gboolean mf_trace_is_likely (MfTrace *self, const MfFolder *folder, guint32 bound,
                             const MfTraceOf *what, gboolean *out_likely, GError **error);
/* *@out_uid: a UID from @bound on that is not of a message of ours, and not found
 * before; 0 none.  What is listed aside (rematch.h) is not ours. */
gboolean mf_trace_find (MfTrace *self, const MfFolder *folder, guint32 bound,
                        const MfTraceOf *what, guint32 *out_uid, GError **error);
/* What was found is not taken. */
void mf_trace_forget (MfTrace *self);
/* (transfer full) Of @uid there; NULL without @error: it is not there. */
char *mf_trace_message_id (MfTrace *self, const MfFolder *folder, guint32 uid, GError **error);
/* (transfer full) NULL without @error: it has no content. */
char *mf_trace_digest (MfTrace *self, const MfFolder *folder, guint32 uid, GError **error);
