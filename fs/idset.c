#include "fs/idset.h"

#define WORD_BITS 32

struct _MfIdSet
{
  GMutex mutex;
  GArray *words; /* of guint32; guarded by mutex */
};

MfIdSet *
mf_idset_new (void)
{
  MfIdSet *self = g_new0 (MfIdSet, 1);

  g_mutex_init (&self->mutex);
  self->words = g_array_new (FALSE, TRUE, sizeof (guint32));
  return self;
}

void
mf_idset_free (MfIdSet *self)
{
  g_array_unref (self->words);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

gboolean
mf_idset_set (MfIdSet *self, MfMsgId id)
{
  guint word = (guint)(id / WORD_BITS);
  guint32 bit = 1u << (id % WORD_BITS);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (word >= self->words->len)
    g_array_set_size (self->words, word + 1);
  gboolean fresh = (g_array_index (self->words, guint32, word) & bit) == 0;
  g_array_index (self->words, guint32, word) |= bit;
  return fresh;
}

gboolean
mf_idset_has (MfIdSet *self, MfMsgId id)
{
  guint word = (guint)(id / WORD_BITS);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return word < self->words->len
         && (g_array_index (self->words, guint32, word) & 1u << (id % WORD_BITS)) != 0;
}

void
mf_idset_clear (MfIdSet *self, MfMsgId id)
{
  guint word = (guint)(id / WORD_BITS);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (word < self->words->len)
    g_array_index (self->words, guint32, word) &= ~(1u << (id % WORD_BITS));
}
