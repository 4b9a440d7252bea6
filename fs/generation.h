/* generation.h - how often the content of a message was changed in this mount.
 *
 * Shape:   a number for each message that was written, 0 for the others.  A reader
 *          that has noted a lower one opens the content anew.
 * Threads: any.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfGenerations MfGenerations;

MfGenerations *mf_generations_new (void);
void mf_generations_free (MfGenerations *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfGenerations, mf_generations_free)

guint mf_generations_get (MfGenerations *self, MfMsgId id);
void mf_generations_raise (MfGenerations *self, MfMsgId id);
