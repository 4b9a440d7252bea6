/* opened.h - what is open in the kernel's hands: the handles that a RELEASE frees.
 *
 * Shape:   a set.  At the end the kernel releases nothing more, though a program may
 *          still have a file open: then each is ended by the function it came with.
 * Threads: any; mf_opened_end() after the last request.
 */
#pragma once

#include <glib.h>

typedef struct _MfOpened MfOpened;

MfOpened *mf_opened_new (void);
void mf_opened_free (MfOpened *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfOpened, mf_opened_free)

void mf_opened_add (MfOpened *self, gpointer handle, GDestroyNotify end);
void mf_opened_remove (MfOpened *self, gpointer handle);
/* Ends what is left. */
void mf_opened_end (MfOpened *self);
