/* event-log.h - what was announced, as words.
 *
 * Shape:   "added 3", "changed 3", "removed 3", "size 3" with the UID; "folder 2",
 *          "tree 1" with the folder's id; "state".
 * Threads: any.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfEventLog MfEventLog;

MfEventLog *mf_event_log_new (void);
void mf_event_log_free (MfEventLog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfEventLog, mf_event_log_free)

/* An MfEventFunc; @log is the user data. */
void mf_event_log_func (const MfEvent *event, gpointer log);
/* What came since the last time, separated by ", ".  (transfer full) */
char *mf_event_log_take (MfEventLog *self);
/* The same, and that it is @expected. */
void mf_event_log_assert (MfEventLog *self, const char *expected);
/* Until @words came once more than were seen by an earlier wait for them; FALSE:
 * not in time. */
gboolean mf_event_log_wait (MfEventLog *self, const char *words);
/* How much was announced so far; until there is more than that, FALSE: not in time. */
guint mf_event_log_count (MfEventLog *self);
gboolean mf_event_log_wait_more (MfEventLog *self, guint than);
