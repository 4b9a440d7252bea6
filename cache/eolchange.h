/* eolchange.h - another `-o eol` than that which the bodies in the cache were made with.
 *
 * Shape:   they are forgotten, and fetched anew.  What has an unsent change may be nowhere
 *          else: it goes into a file of its own, of which adopt.h makes a body again.
 * Threads: before anybody reads.
 * Errors:  MF_CACHE_ERROR.
 */
#pragma once

#include "cache/drafts.h"

gboolean mf_eolchange_run (MfBodies *bodies, MfDrafts *drafts, MfDb *db, GError **error);
