/* lookouts.h - IDLE in the folders used lately, where the server announces nothing.
 *
 * Shape:   a thread for each session that can be had for it: those of the push and the
 *          back worker while they rest, and as many of its own as `connections` allows
 *          beyond the workers'.  Each looks after a folder; together after those used
 *          last, but for INBOX, which is the watch's.  None ever makes the engine
 *          offline: a session that is lost or refused is tried again after a rest, which
 *          doubles up to an hour.
 * Threads: any; the engine's lock guards it.
 */
#pragma once

#include "cache/engine.h"

MfLookouts *mf_lookouts_new (MfEngine *engine);
/* When no thread is left, see mf_lookouts_join(). */
void mf_lookouts_free (MfLookouts *self);

/* By the watch: whether the server leaves them something to do. */
void mf_lookouts_set_needed (MfLookouts *self, gboolean needed, MfFolderId inbox);
/* With the lock: somebody lists @folder, or reads in it. */
void mf_lookouts_note_use (MfLookouts *self, MfFolderId folder);
/* Takes @link; whoever idles there makes way. */
void mf_lookouts_take_link (MfLookouts *self, MfLink *link);

/* With the lock: their sessions may be dead (@seconds 0), or too many, and are tried again
 * after @seconds at the earliest. */
void mf_lookouts_close (MfLookouts *self, guint seconds);
/* With the lock: ends all they wait for; until mf_lookouts_reset() they open nothing. */
void mf_lookouts_cancel (MfLookouts *self);
void mf_lookouts_reset (MfLookouts *self);
/* The engine is stopping, and they are cancelled. */
void mf_lookouts_join (MfLookouts *self);
