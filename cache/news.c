#include "cache/news.h"

#include "cache/messages.h"

typedef struct
{
  MfEventType type;
  MfFolderId folder;
  gboolean has_before, has_after;
  MfMessage before, after;
} Item;

struct _MfNews
{
  MfEventFunc func;
  gpointer user_data;
  GArray *items;
};

static void
clear_item (gpointer data)
{
  Item *item = data;

  mf_message_clear (&item->before);
  mf_message_clear (&item->after);
}

MfNews *
mf_news_new (MfEventFunc func, gpointer user_data)
{
  MfNews *self = g_new0 (MfNews, 1);

  self->func = func;
  self->user_data = user_data;
  self->items = g_array_new (FALSE, TRUE, sizeof (Item));
  g_array_set_clear_func (self->items, clear_item);
  return self;
}

void
mf_news_free (MfNews *self)
{
  g_array_unref (self->items);
  g_free (self);
}

static gboolean
is_told (MfNews *self, MfEventType type, MfFolderId folder)
{
  for (guint i = self->items->len; i-- > 0;)
    {
      Item *item = &g_array_index (self->items, Item, i);
      if (item->type == type && item->folder == folder)
        return TRUE;
    }
  return FALSE;
}

/* Too many messages of one folder: they become one event. */
static void
shrink (MfNews *self, MfFolderId folder)
{
  Item bulk = { .type = MF_EVENT_FOLDER_CHANGED, .folder = folder };

  for (guint i = self->items->len; i-- > 0;)
    {
      Item *item = &g_array_index (self->items, Item, i);
      if (item->folder == folder && (item->has_before || item->has_after))
        g_array_remove_index (self->items, i);
    }
  g_array_append_val (self->items, bulk);
}

void
mf_news_add (MfNews *self, MfEventType type, MfFolderId folder, const MfMessage *before,
             const MfMessage *after)
{
  Item item = { .type = type, .folder = folder };
  gboolean single = before != NULL || after != NULL;

  if (is_told (self, single ? MF_EVENT_FOLDER_CHANGED : type, folder))
    return;
  if (single && self->items->len >= MF_NEWS_MOST)
    {
      shrink (self, folder);
      return;
    }
  if (before != NULL)
    mf_message_copy (before, &item.before);
  if (after != NULL)
    mf_message_copy (after, &item.after);
  item.has_before = before != NULL;
  item.has_after = after != NULL;
  g_array_append_val (self->items, item);
}

void
mf_news_send (MfNews *self)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      Item *item = &g_array_index (self->items, Item, i);
      MfEvent event = {
        .type = item->type,
        .folder = item->folder,
        .before = item->has_before ? &item->before : NULL,
        .after = item->has_after ? &item->after : NULL,
      };
      if (self->func != NULL)
        self->func (&event, self->user_data);
    }
  g_array_set_size (self->items, 0);
}

void
mf_news_forget (MfNews *self)
{
  g_array_set_size (self->items, 0);
}
