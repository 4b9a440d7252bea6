/* steps.h - a life that is stopped at its n-th step, as by a kill.
 *
 * Shape:   a step is what mf_fake_set_step() reports, and each commit of an index,
 *          just before it: what was done since the last one is on the disk, and is
 *          no part of the index yet.
 * Threads: any; one at a time in a process.
 */
#pragma once

#include "tests/fake-remote.h"

typedef struct _MfSteps MfSteps;

/* At step @at, which is the first when it is 1, @dir is copied to @copy, and from
 * then on the server is away: what the process does after its death is in vain.
 * @copy (nullable): the process lives on, but its sessions die. */
MfSteps *mf_steps_new (MfFake *fake, guint at, const char *dir, const char *copy);
void mf_steps_free (MfSteps *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfSteps, mf_steps_free)

/* FALSE: there were not so many. */
gboolean mf_steps_were_taken (MfSteps *self);

/* Copies a folder as it is now; index.db-shm is a running process's. */
void mf_steps_copy_dir (const char *from, const char *to);
