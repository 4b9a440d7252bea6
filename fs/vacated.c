#include "fs/vacated.h"

#define MOMENT_US (10 * G_USEC_PER_SEC)
#define MAX_NAMES 16

typedef struct
{
  MfMessage message; /* its base is the name that it had */
  pid_t thread;      /* 0: none, or taken */
  gint64 at_us;      /* monotonic */
} Name;

struct _MfVacated
{
  Name names[MAX_NAMES]; /* a ring */
  guint n;               /* ever */
};

MfVacated *
mf_vacated_new (void)
{
  return g_new0 (MfVacated, 1);
}

void
mf_vacated_free (MfVacated *self)
{
  for (guint i = 0; i < MAX_NAMES; i++)
    mf_message_clear (&self->names[i].message);
  g_free (self);
}

void
mf_vacated_add (MfVacated *self, const MfMessage *message, const char *base, pid_t thread)
{
  Name *name = &self->names[self->n++ % MAX_NAMES];

  mf_message_clear (&name->message);
  *name = (Name){ .thread = thread, .at_us = g_get_monotonic_time () };
  name->message = (MfMessage){ .id = message->id, .folder = message->folder,
                               .place = message->place, .flags = message->flags,
                               .base = g_strdup (base), .keywords = g_strdup (message->keywords) };
}

gboolean
mf_vacated_take (MfVacated *self, MfFolderId folder, const char *base, pid_t thread,
                 MfMessage *out_message)
{
  gint64 since_us = g_get_monotonic_time () - MOMENT_US;

  for (guint i = 0; i < MAX_NAMES; i++)
    {
      Name *name = &self->names[i];
      if (name->thread == thread && name->at_us > since_us && name->message.folder == folder
          && g_str_equal (name->message.base, base))
        {
          *out_message = name->message;
          *name = (Name){ 0 };
          return TRUE;
        }
    }
  return FALSE;
}
