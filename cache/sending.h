/* sending.h - a group of entries on its way to the server, and what its answer makes
 * of them.
 *
 * Shape:   made by push.h, handed to what sends its kind (transfer.h, upload.h); each
 *          entry is settled as it is in the transaction that stores the answer.
 * Threads: the push worker.
 * Errors:  MF_REMOTE_ERROR when the link failed: the entries stay SENT, and recover.h
 *          finds out.
 * Source:  I4, I5.
 */
#pragma once

#include "cache/engine.h"
#include "cache/group.h"
#include "cache/settle.h"

typedef struct
{
  MfEngine *engine;
  MfDb *db;
  MfLink *link;
  MfGroup *group;
  MfSettle settle;
  MfFolder home, target; /* zeroes when there is none */
  GArray *files;         /* (nullable) of MfUploadFile, of an upload */
} MfSending;

static inline MfChange *
mf_sending_change (MfSending *self, guint i)
{
  return &g_array_index (self->group->changes, MfChange, i);
}

static inline gboolean
mf_sending_has_cap (MfSending *self, MfCaps cap)
{
  return (self->link->ops->caps (self->link->remote) & cap) != 0;
}

/* The @i-th entry is not the group's any more. */
void mf_sending_drop (MfSending *self, guint i);

/* @now: the @i-th entry as it is now; it may have become another message's. */
typedef gboolean (*MfOutcome) (MfSending *self, guint i, const MfChange *now, gpointer data,
                               GError **error);

/* The server has told UIDs of the target by @uidvalidity (0: none): is it a mailbox that was
 * made anew, the index is of that from now on, so that they hold. */
gboolean mf_sending_learn_validity (MfSending *self, guint32 uidvalidity, GError **error);

/* Applies @outcome to each of the group, in one transaction, and tells. */
gboolean mf_sending_settle (MfSending *self, MfOutcome outcome, gpointer data, GError **error);
gboolean mf_sending_settle_done (MfSending *self, GError **error);
gboolean mf_sending_settle_missing (MfSending *self, GError **error);
/* The server does not know the mailbox of @folder: has another client given it another
 * name, or removed it?  The folders are listed to find out; *@out_known: it goes on as they
 * are now. */
gboolean mf_sending_look_for (MfSending *self, const MfFolder *folder, gboolean *out_known,
                              GError **error);
/* Refused for good.  Takes @why. */
gboolean mf_sending_settle_refused (MfSending *self, GError *why, GError **error);
/* The command has failed with @why, which it takes.  A link that died leaves the
 * entries as they are; a server that is busy is asked again later. */
gboolean mf_sending_settle_failed (MfSending *self, GError *why, GError **error);
