#include "fs/events.h"

#include "fs/name.h"
#include "fs/places.h"
#include "fs/report.h"

#include <string.h>

struct _MfEvents
{
  GMutex mutex;   /* guards the rest; a leaf */
  MfCache *cache; /* NULL: not started */
  gboolean online;
  GString *kept; /* the last bytes */
  guint64 start; /* how many came before those */
  gint64 time_s;
};

MfEvents *
mf_events_new (void)
{
  MfEvents *self = g_new0 (MfEvents, 1);

  g_mutex_init (&self->mutex);
  self->kept = g_string_new (NULL);
  self->time_s = g_get_real_time () / G_USEC_PER_SEC;
  return self;
}

void
mf_events_free (MfEvents *self)
{
  g_string_free (self->kept, TRUE);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* ---- lines ------------------------------------------------------------ */

/* Whole lines go, so that what is kept begins with one. */
static void
drop_oldest (MfEvents *self)
{
  gsize surplus = self->kept->len - MF_EVENTS_BYTES / 2;
  const char *end = memchr (self->kept->str + surplus, '\n', self->kept->len - surplus);
  gsize n = (gsize)(end - self->kept->str) + 1;

  g_string_erase (self->kept, 0, (gssize)n);
  self->start += n;
}

/* @name, @more (nullable) */
static void
write_line (MfEvents *self, const char *kind, const char *folder, const char *name,
            const char *more)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  const char *fields[] = { time, kind, folder, name, more };
  g_autoptr (GString) line = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autofree char *clean = mf_report_line (fields[i] != NULL && *fields[i] != '\0' ? fields[i] : "-");

      g_string_append_printf (line, "%s%s", i > 0 ? "\t" : "", clean);
    }
  g_string_append_c (line, '\n');
  g_mutex_lock (&self->mutex);
  g_string_append_len (self->kept, line->str, (gssize)line->len);
  self->time_s = g_date_time_to_unix (now);
  if (self->kept->len > MF_EVENTS_BYTES)
    drop_oldest (self);
  g_mutex_unlock (&self->mutex);
}

/* "cur/NAME"; NULL: readers do not see it. */
static char *
name_message (MfEvents *self, const MfMessage *message)
{
  g_auto (MfFolder) folder = { 0 };
  char name[MF_NAME_MAX + 1];

  if (message == NULL || message->place >= MF_N_PLACES
      || !mf_cache_folder (self->cache, message->folder, &folder, NULL)
      || !mf_name_format (message, folder.tag, name))
    return NULL;
  return g_strconcat (mf_place_names[message->place], "/", name, NULL);
}

static void
write_message (MfEvents *self, const MfEvent *event)
{
  const MfMessage *before = event->before, *after = event->after;
  g_autofree char *old = name_message (self, before), *new = name_message (self, after);
  g_autofree char *old_folder = old != NULL ? mf_census_path (self->cache, before->folder) : NULL;
  g_autofree char *new_folder = new != NULL ? mf_census_path (self->cache, after->folder) : NULL;
  g_autofree char *from = old_folder != NULL ? g_strconcat (old_folder, "/", old, NULL) : NULL;

  if (new != NULL && old == NULL)
    write_line (self, "new", new_folder, new, NULL);
  else if (new == NULL && old != NULL)
    write_line (self, "removed", old_folder, old, NULL);
  else if (new != NULL && before->folder == after->folder)
    write_line (self, "flags", new_folder, new, old);
  else if (new != NULL)
    write_line (self, "moved", new_folder, new, from);
}

static void
write_state (MfEvents *self)
{
  g_autofree char *trouble = NULL;
  gboolean online = mf_cache_is_online (self->cache, &trouble);

  g_mutex_lock (&self->mutex);
  gboolean news = online != self->online;
  self->online = online;
  g_mutex_unlock (&self->mutex);
  if (news)
    write_line (self, online ? "online" : "offline", NULL, NULL, trouble);
}

static void
write_event (MfEvents *self, const MfEvent *event)
{
  g_autofree char *path = NULL;

  switch (event->type)
    {
    case MF_EVENT_MESSAGE_ADDED:
    case MF_EVENT_MESSAGE_CHANGED:
    case MF_EVENT_MESSAGE_REMOVED:
      write_message (self, event);
      break;
    case MF_EVENT_FOLDER_CHANGED:
      path = mf_census_path (self->cache, event->folder);
      write_line (self, "much", path, NULL, NULL);
      break;
    case MF_EVENT_STATE:
      write_state (self);
      break;
    case MF_EVENT_TROUBLE:
      write_line (self, "failed", NULL, NULL, event->text);
      break;
    case MF_EVENT_MESSAGE_SIZE:
    case MF_EVENT_FOLDER_LISTED:
    case MF_EVENT_TREE_CHANGED: /* see mf_events_add_folder() */
      break;
    }
}

static MfCache *
get_cache (MfEvents *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->cache;
}

void
mf_events_start (MfEvents *self, MfCache *cache)
{
  g_autofree char *trouble = NULL;
  gboolean online = mf_cache_is_online (cache, &trouble);

  g_mutex_lock (&self->mutex);
  self->online = online;
  self->cache = cache;
  g_mutex_unlock (&self->mutex);
  write_line (self, online ? "online" : "offline", NULL, NULL, trouble);
}

void
mf_events_add (MfEvents *self, const MfEvent *event)
{
  if (get_cache (self) != NULL)
    write_event (self, event);
}

void
mf_events_add_folder (MfEvents *self, const MfCensusNews *news)
{
  static const char *const kinds[] = { "folder-made", "folder-renamed", "folder-removed" };

  write_line (self, kinds[news->change], news->path, NULL, news->before);
}

/* ---- reading ---------------------------------------------------------- */

void
mf_events_range (MfEvents *self, guint64 *out_start, guint64 *out_end)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  *out_start = self->start;
  *out_end = self->start + self->kept->len;
}

gint64
mf_events_time (MfEvents *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->time_s;
}

gsize
mf_events_read (MfEvents *self, guint64 offset, char *buffer, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  guint64 end = self->start + self->kept->len;
  gsize lost = offset < self->start ? (gsize)MIN (size, self->start - offset) : 0;

  if (offset >= end)
    return 0;
  if (lost > 0)
    {
      memset (buffer, '\n', lost);
      return lost;
    }
  size = (gsize)MIN (size, end - offset);
  memcpy (buffer, self->kept->str + (offset - self->start), size);
  return size;
}
