/* pushfolder.h - changes of folders on their way to the server.
 *
 * Shape:   CREATE, DELETE, RENAME and SUBSCRIBE, one entry each.  All of them may be
 *          said twice: what is so already is taken for done.
 * Threads: the push worker.
 * Errors:  MF_REMOTE_ERROR when the link failed; refusals are settled.
 */
#pragma once

#include "cache/engine.h"
#include "cache/settle.h"

gboolean mf_push_folder (MfEngine *engine, MfLink *link, const MfChange *change, MfSettle *settle,
                         GError **error);
