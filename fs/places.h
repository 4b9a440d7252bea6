/* places.h - which of cur, new and tmp a folder shows.
 *
 * Shape:   all three, but for two exceptions that let programs build and take down
 *          a Maildir by hand: a place that was removed stays away until it is made
 *          again or has something in it; and the process that has just made a
 *          folder does not see its places until it has made them itself.
 *          In memory only.
 * Threads: fuse.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfPlaces MfPlaces;

MfPlaces *mf_places_new (void);
void mf_places_free (MfPlaces *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfPlaces, mf_places_free)

/* The names of the places, in their order. */
extern const char *const mf_place_names[MF_N_PLACES];
/* FALSE: @name is no place's. */
gboolean mf_places_parse (const char *name, MfPlace *out_place);

/* @pid: of the thread that asks. */
gboolean mf_places_has (MfPlaces *self, MfCache *cache, const MfFolder *folder, MfPlace place,
                        pid_t pid);
/* TRUE when the answer of mf_places_has() may soon be another. */
gboolean mf_places_is_unusual (MfPlaces *self, MfFolderId folder);

void mf_places_folder_made (MfPlaces *self, MfFolderId folder, pid_t pid);
void mf_places_make (MfPlaces *self, MfFolderId folder, MfPlace place);
void mf_places_remove (MfPlaces *self, MfFolderId folder, MfPlace place);
