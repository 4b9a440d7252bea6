#include "fs/hint.h"

#define WORD_BITS 32

struct _MfHints
{
  GMutex mutex;
  GArray *words; /* of guint32; guarded by mutex */
};

MfHints *
mf_hints_new (void)
{
  MfHints *self = g_new0 (MfHints, 1);

  g_mutex_init (&self->mutex);
  self->words = g_array_new (FALSE, TRUE, sizeof (guint32));
  return self;
}

void
mf_hints_free (MfHints *self)
{
  g_array_unref (self->words);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
mf_hints_set (MfHints *self, MfMsgId id)
{
  guint word = (guint)(id / WORD_BITS);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (word >= self->words->len)
    g_array_set_size (self->words, word + 1);
  g_array_index (self->words, guint32, word) |= 1u << (id % WORD_BITS);
}

gboolean
mf_hints_has (MfHints *self, MfMsgId id)
{
  guint word = (guint)(id / WORD_BITS);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return word < self->words->len
         && (g_array_index (self->words, guint32, word) & 1u << (id % WORD_BITS)) != 0;
}

void
mf_hints_clear (MfHints *self, MfMsgId id)
{
  guint word = (guint)(id / WORD_BITS);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (word < self->words->len)
    g_array_index (self->words, guint32, word) &= ~(1u << (id % WORD_BITS));
}
