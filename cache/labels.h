/* labels.h - changes of Gmail's labels in the journal.
 *
 * Shape:   an entry of kind LABELS, in which the labels to come and to go stand in the
 *          place of keywords.  A later change is merged into one that is not sent.
 * Threads: any; inside the caller's transaction (I4).
 * Errors:  MF_CACHE_ERROR_FULL, _CORRUPT.
 * Source:  Gmail IMAP extensions, X-GM-LABELS.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"

/* "MESSAGE gets and loses labels"; both (nullable), as in MfMessage. */
gboolean mf_labels_journal (MfDb *db, MfMsgId message, const char *add, const char *remove,
                            GError **error);
/* What pending changes make of labels that the server tells. */
gboolean mf_labels_merge (MfDb *db, MfMsgId message, char **labels, GError **error);
/* What @add and @remove were to make of the row's labels is undone, but for what is
 * still pending. */
gboolean mf_labels_revert (MfDb *db, const MfMessage *row, const char *add, const char *remove,
                           GError **error);
