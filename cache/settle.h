/* settle.h - what the server's answers make of the index and the journal.
 *
 * Shape:   one function an outcome; rows and entries change in the caller's
 *          transaction (I5), news is told after it.  Content that exists only here
 *          is never dropped (I7): what has no place goes to lost+found.
 * Threads: any.
 * Errors:  MF_CACHE_ERROR.
 */
#pragma once

#include "cache/drafts.h"
#include "cache/entry.h"
#include "cache/news.h"

typedef struct
{
  MfDb *db;
  MfDrafts *drafts;
  MfBodies *bodies;
  MfNews *news;
} MfSettle;

/* ---- what became of an entry, read anew in this transaction ------------ */

/* Nothing more is to be done for the entry. */
gboolean mf_settle_done (MfSettle *self, const MfChange *change, GError **error);
/* The message of a move, copy or upload is now @uid of @folder (0: not told). */
gboolean mf_settle_arrived (MfSettle *self, const MfChange *change, MfFolderId folder, guint32 uid,
                            GError **error);
/* It is copied, and the original is to be expunged once the copy is known. */
gboolean mf_settle_copied (MfSettle *self, const MfChange *change, MfFolderId folder, guint32 uid,
                           GError **error);
/* The message is away from the server. */
gboolean mf_settle_expunged (MfSettle *self, const MfChange *change, GError **error);
/* What the entry is about is not on the server any more: the message goes, but to
 * lost+found if somebody here moved it and its body is here.  A copy whose
 * original is gone is uploaded. */
gboolean mf_settle_missing (MfSettle *self, const MfChange *change, GError **error);
/* It was not done, and is to be sent again: not an upload whose text is not here any more, for
 * a new one was written meanwhile. */
gboolean mf_settle_again (MfSettle *self, const MfChange *change, GError **error);
/* Refused for good: the index goes back to what the server has, content that
 * exists only here to lost+found, and the entry stays to be seen.  But what is made is
 * made where its user has moved it since, or not at all if he has removed it. */
gboolean mf_settle_refused (MfSettle *self, const MfChange *change, const GError *why,
                            GError **error);
/* As refused, what may have been done and cannot be seen: it is done in no other way. */
gboolean mf_settle_hidden (MfSettle *self, const MfChange *change, const GError *why,
                           GError **error);
/* The user does not want it after all: as refused, but nothing is left to be seen. */
gboolean mf_settle_taken_back (MfSettle *self, const MfChange *change, GError **error);

/* ---- what somebody else did -------------------------------------------- */

/* A message that the server does not have any more, found by a pull. */
gboolean mf_settle_vanished (MfSettle *self, const MfMessage *message, GError **error);
/* A folder that the server does not have any more, with all that was in it. */
gboolean mf_settle_folder_gone (MfSettle *self, MfFolderId folder, GError **error);
