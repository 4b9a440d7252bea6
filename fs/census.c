#include "fs/census.h"

#include "fs/name.h"

#include <string.h>

typedef struct
{
  MfFolderId id, parent;
  char *path;
} Entry;

struct _MfCensus
{
  MfCache *cache;
  GMutex mutex;
  GHashTable *entries; /* MfFolderId -> Entry */
};

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  g_free (entry->path);
  g_free (entry);
}

char *
mf_census_path (MfCache *cache, MfFolderId id)
{
  g_autoptr (GString) path = g_string_new (NULL);

  while (id != MF_FOLDER_ROOT)
    {
      g_auto (MfFolder) folder = { 0 };

      if (!mf_cache_folder (cache, id, &folder, NULL) || folder.parent == 0)
        break;
      g_autofree char *name = mf_name_escape (folder.name);
      g_string_prepend (path, path->len > 0 ? "/" : "");
      g_string_prepend (path, name);
      id = folder.parent;
    }
  return g_string_free (g_steal_pointer (&path), FALSE);
}

/* Its own, not that of a folder above it. */
static MfEntryName
name_of (const Entry *entry)
{
  const char *slash = strrchr (entry->path, '/');

  return (MfEntryName){ mf_inode_folder (entry->parent), slash != NULL ? slash + 1 : entry->path };
}

/* ---- what is there now ------------------------------------------------ */

static void
note_folder (MfCensus *self, const MfFolder *folder, const char *path)
{
  Entry *entry = g_new0 (Entry, 1);

  *entry = (Entry){ folder->id, folder->parent, g_strdup (path) };
  g_hash_table_replace (self->entries, &entry->id, entry);
}

static char *
join (const char *parent, const char *name)
{
  g_autofree char *escaped = mf_name_escape (name);

  return g_strconcat (parent, *parent != '\0' ? "/" : "", escaped, NULL);
}

/* @entry (nullable): what it was. */
static void
tell (const MfFolder *folder, const char *path, const Entry *entry, MfCensusFunc func,
      gpointer user_data)
{
  MfCensusNews news = { .change = entry != NULL ? MF_CENSUS_RENAMED : MF_CENSUS_MADE, .path = path };
  g_autofree char *name = mf_name_escape (folder->name);

  if (entry != NULL)
    news.before = entry->path;
  if (entry != NULL && (entry->parent != folder->parent || !g_str_equal (name_of (entry).name, name)))
    news.old = name_of (entry);
  func (&news, user_data);
}

/* With all below it.  @func (nullable) */
static void
look (MfCensus *self, MfFolderId parent, const char *parent_path, MfCensusFunc func,
      gpointer user_data)
{
  g_autoptr (GPtrArray) children = mf_cache_folder_children (self->cache, parent, NULL);

  for (guint i = 0; children != NULL && i < children->len; i++)
    {
      const MfFolder *child = g_ptr_array_index (children, i);
      const Entry *entry = g_hash_table_lookup (self->entries, &child->id);
      g_autofree char *path = join (parent_path, child->name);

      if (entry != NULL && g_strcmp0 (entry->path, path) == 0)
        continue;
      if (func != NULL)
        tell (child, path, entry, func, user_data);
      note_folder (self, child, path);
      look (self, child->id, path, func, user_data);
    }
}

MfCensus *
mf_census_new (MfCache *cache)
{
  MfCensus *self = g_new0 (MfCensus, 1);

  self->cache = cache;
  g_mutex_init (&self->mutex);
  self->entries = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, free_entry);
  look (self, MF_FOLDER_ROOT, "", NULL, NULL);
  return self;
}

void
mf_census_free (MfCensus *self)
{
  g_hash_table_unref (self->entries);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* ---- what has gone ---------------------------------------------------- */

static gboolean
is_there (MfCensus *self, MfFolderId id)
{
  g_auto (MfFolder) folder = { 0 };

  return mf_cache_folder (self->cache, id, &folder, NULL) && folder.parent != 0;
}

static void
forget_gone (MfCensus *self, MfFolderId parent, MfCensusFunc func, gpointer user_data)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Entry *entry = value;

      if (entry->parent != parent || is_there (self, entry->id))
        continue;
      func (&(MfCensusNews){ MF_CENSUS_REMOVED, entry->path, NULL, name_of (entry) }, user_data);
      g_hash_table_iter_remove (&iter);
    }
}

void
mf_census_update (MfCensus *self, MfFolderId parent, MfCensusFunc func, gpointer user_data)
{
  g_autofree char *path = mf_census_path (self->cache, parent);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  forget_gone (self, parent, func, user_data);
  look (self, parent, path, func, user_data);
}
