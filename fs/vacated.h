/* vacated.h - names of messages that a program has removed a moment ago.
 *
 * Shape:   an editor that cannot put a file aside by renaming it removes it and makes it
 *          anew under its name, or gives that to what it has written beside it: then it is
 *          the same message that it has rewritten.  In memory only.
 * Threads: fuse.
 */
#pragma once

#include <sys/types.h>

#include "cache/cache.h"

typedef struct _MfVacated MfVacated;

MfVacated *mf_vacated_new (void);
void mf_vacated_free (MfVacated *self);

/* @message as it was, with the name @base; @thread: that asks. */
void mf_vacated_add (MfVacated *self, const MfMessage *message, const char *base, pid_t thread);
/* What the same thread has removed under that name, to be taken once; FALSE: nothing. */
gboolean mf_vacated_take (MfVacated *self, MfFolderId folder, const char *base, pid_t thread,
                          MfMessage *out_message);
