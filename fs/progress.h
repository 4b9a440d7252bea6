/* progress.h - what goes on until the prompt comes back.
 *
 * Shape:   on a terminal (stderr) a line that moves while bytes come: what is done,
 *          how much has come, how fast.  It is gone at the end.  Elsewhere the same as
 *          a plain line now and then, if it takes long.
 * Threads: one of its own; start and stop by one other.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfProgress MfProgress;

/* @what: "label: connecting to host"; @traffic outlives it. */
MfProgress *mf_progress_start (const char *what, MfTraffic *traffic);
void mf_progress_stop (MfProgress *self);
