/* adopt.h - drafts that the server has become cached bodies like any other, and files
 * that nobody wants go.
 *
 * Threads: the push worker, with its writer.
 * Errors:  MF_CACHE_ERROR; what was not done is done the next time.
 */
#pragma once

#include "cache/bodywriter.h"
#include "cache/engine.h"

gboolean mf_adopt_run (MfEngine *engine, MfBodyWriter *writer, GError **error);
