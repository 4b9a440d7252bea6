#include "fs/dropped.h"

#include "fs/process.h"

/* Of the latest; a program that drops more has looked at the first long ago. */
#define MAX_DROPS 64

typedef struct
{
  MfFolderId folder;
  char *name;
  MfMsgId id;
  pid_t process;
} Drop;

struct _MfDropped
{
  GQueue drops; /* of Drop, the latest first */
};

static void
free_drop (gpointer data)
{
  Drop *drop = data;

  g_free (drop->name);
  g_free (drop);
}

MfDropped *
mf_dropped_new (void)
{
  MfDropped *self = g_new0 (MfDropped, 1);

  g_queue_init (&self->drops);
  return self;
}

void
mf_dropped_free (MfDropped *self)
{
  g_queue_clear_full (&self->drops, free_drop);
  g_free (self);
}

void
mf_dropped_add (MfDropped *self, MfFolderId folder, const char *name, MfMsgId id, pid_t pid)
{
  Drop *drop = g_new0 (Drop, 1);

  *drop = (Drop){ folder, g_strdup (name), id, mf_process_of (pid) };
  g_queue_push_head (&self->drops, drop);
  if (self->drops.length > MAX_DROPS)
    free_drop (g_queue_pop_tail (&self->drops));
}

void
mf_dropped_remove (MfDropped *self, MfFolderId folder, const char *name)
{
  for (GList *l = self->drops.head, *next; l != NULL; l = next)
    {
      Drop *drop = l->data;

      next = l->next;
      if (drop->folder == folder && g_str_equal (drop->name, name))
        {
          free_drop (drop);
          g_queue_delete_link (&self->drops, l);
        }
    }
}

MfMsgId
mf_dropped_find (MfDropped *self, MfFolderId folder, const char *name, pid_t pid)
{
  for (GList *l = self->drops.head; l != NULL; l = l->next)
    {
      const Drop *drop = l->data;

      if (drop->folder == folder && g_str_equal (drop->name, name))
        return drop->process != 0 && drop->process == mf_process_of (pid) ? drop->id : 0;
    }
  return 0;
}
