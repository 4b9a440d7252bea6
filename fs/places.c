#include "fs/places.h"

#include "fs/process.h"

#define ALL_PLACES ((1u << MF_N_PLACES) - 1)

/* A folder that does not show everything to everyone. */
typedef struct
{
  guint removed;   /* bits of places */
  guint not_made;  /* bits of places that its maker has not made yet */
  pid_t maker;
} Exception;

struct _MfPlaces
{
  GHashTable *exceptions; /* MfFolderId -> Exception */
};

const char *const mf_place_names[MF_N_PLACES] = { "cur", "new", "tmp" };

MfPlaces *
mf_places_new (void)
{
  MfPlaces *self = g_new0 (MfPlaces, 1);

  self->exceptions = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  return self;
}

void
mf_places_free (MfPlaces *self)
{
  g_hash_table_unref (self->exceptions);
  g_free (self);
}

gboolean
mf_places_parse (const char *name, MfPlace *out_place)
{
  for (guint i = 0; i < MF_N_PLACES; i++)
    if (g_str_equal (name, mf_place_names[i]))
      {
        *out_place = (MfPlace)i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
note_one (const MfMessage *message, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return FALSE;
}

/* Of a folder that was never listed nobody knows what is where. */
static gboolean
has_entries (MfCache *cache, const MfFolder *folder, MfPlace place)
{
  gboolean found = !folder->known && folder->messages > 0 && place != MF_PLACE_TMP;

  if (!found)
    mf_cache_list (cache, folder->id, place, 0, note_one, &found, NULL);
  return found;
}

/* (nullable) What is left when the maker has gone without making the rest. */
static const Exception *
find_exception (MfPlaces *self, MfFolderId folder)
{
  Exception *exception = g_hash_table_lookup (self->exceptions, &folder);

  if (exception == NULL || exception->not_made == 0)
    return exception;
  if (mf_process_is_alive (exception->maker))
    return exception;
  exception->not_made = 0;
  if (exception->removed != 0)
    return exception;
  g_hash_table_remove (self->exceptions, &folder);
  return NULL;
}

gboolean
mf_places_has (MfPlaces *self, MfCache *cache, const MfFolder *folder, MfPlace place, pid_t pid)
{
  const Exception *exception = find_exception (self, folder->id);
  guint bit = 1u << place;

  if (!folder->selectable || exception == NULL)
    return folder->selectable;
  if ((exception->removed & bit) != 0)
    return has_entries (cache, folder, place);
  return (exception->not_made & bit) == 0 || mf_process_of (pid) != exception->maker;
}

gboolean
mf_places_is_unusual (MfPlaces *self, MfFolderId folder)
{
  return find_exception (self, folder) != NULL;
}

static Exception *
get_exception (MfPlaces *self, MfFolderId folder)
{
  Exception *exception = g_hash_table_lookup (self->exceptions, &folder);

  if (exception == NULL)
    {
      exception = g_new0 (Exception, 1);
      g_hash_table_insert (self->exceptions, g_memdup2 (&folder, sizeof folder), exception);
    }
  return exception;
}

void
mf_places_folder_made (MfPlaces *self, MfFolderId folder, pid_t pid)
{
  pid_t maker = mf_process_of (pid);

  if (maker != 0)
    *get_exception (self, folder) = (Exception){ .not_made = ALL_PLACES, .maker = maker };
}

void
mf_places_make (MfPlaces *self, MfFolderId folder, MfPlace place)
{
  Exception *exception = get_exception (self, folder);

  exception->removed &= ~(1u << place);
  exception->not_made &= ~(1u << place);
  if (exception->removed == 0 && exception->not_made == 0)
    g_hash_table_remove (self->exceptions, &folder);
}

void
mf_places_remove (MfPlaces *self, MfFolderId folder, MfPlace place)
{
  get_exception (self, folder)->removed |= 1u << place;
}
