#include "cache/transfer.h"

typedef struct
{
  GHashTable *uids;  /* source -> target */
  gboolean told;     /* there was a COPYUID */
  gboolean partly;   /* only for those that it names */
  gboolean original; /* to be expunged after a copy */
} Arrival;

static void
arrival_init (Arrival *arrival, const MfCopied *copied)
{
  arrival->uids = g_hash_table_new (NULL, NULL);
  arrival->told = copied->uidvalidity != 0;
  for (guint i = 0; copied->pairs != NULL && arrival->told && i < copied->pairs->len; i++)
    {
      MfUidPair *pair = &g_array_index (copied->pairs, MfUidPair, i);
      g_hash_table_insert (arrival->uids, GUINT_TO_POINTER (pair->source),
                           GUINT_TO_POINTER (pair->target));
    }
}

static guint32
arrival_uid (const Arrival *arrival, guint32 source)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (arrival->uids, GUINT_TO_POINTER (source)));
}

/* A UID that COPYUID leaves out was not there any more. */
static gboolean
as_arrived (MfSending *self, guint i, const MfChange *now, gpointer data, GError **error)
{
  const Arrival *arrival = data;
  guint32 uid = arrival_uid (arrival, mf_group_uid (self->group, i));

  if (uid == 0 && arrival->partly)
    return TRUE;
  if (uid == 0 && arrival->told)
    return mf_settle_missing (&self->settle, now, error);
  return (arrival->original ? mf_settle_copied : mf_settle_arrived) (&self->settle, now,
                                                                     self->target.id, uid, error);
}

/* What a refused command has done all the same is settled; the rest is refused. */
static gboolean
settle_partly (MfSending *self, Arrival *arrival, GError *why, GError **error)
{
  arrival->partly = TRUE;
  if (!mf_sending_settle (self, as_arrived, arrival, error))
    {
      g_error_free (why);
      return FALSE;
    }
  for (guint i = self->group->changes->len; i-- > 0;)
    if (arrival_uid (arrival, mf_group_uid (self->group, i)) != 0)
      mf_sending_drop (self, i);
  return mf_sending_settle_failed (self, why, error);
}

gboolean
mf_transfer_send (MfSending *self, const MfUidSet *uids, GError **error)
{
  gboolean move = self->group->kind == MF_CHANGE_MOVE;
  gboolean can = mf_sending_has_cap (self, MF_CAP_MOVE);
  Arrival arrival = { .original = move && !can };
  g_auto (MfCopied) copied = { 0 };
  GError *why = NULL;

  gboolean ok = (move && can ? self->link->ops->move : self->link->ops->copy) (
      self->link->remote, uids, self->target.mailbox, &copied, self->link->cancellable, &why);
  if (!mf_sending_learn_validity (self, copied.uidvalidity, error))
    {
      g_clear_error (&why);
      return FALSE;
    }
  arrival_init (&arrival, &copied);
  ok = ok ? mf_sending_settle (self, as_arrived, &arrival, error)
          : settle_partly (self, &arrival, why, error);
  g_hash_table_unref (arrival.uids);
  return ok;
}
