/* control.h - the files of .mailfs.
 *
 * Shape:   a table of files; the text of each is made when it is opened and read
 *          past the kernel's cache, so every open shows the present state.
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

#define MF_CONTROL_NAME ".mailfs"
/* In it: what has no place any more, as a place of MF_FOLDER_LOST. */
#define MF_CONTROL_LOST "lost+found"
#define MF_CONTROL_DIR 1 /* its id; the files have those above */

/* The id of a file of .mailfs, 0 when there is none of that name. */
gint64 mf_control_find (const char *name);
/* The first file with an id above @after and its name; 0 after the last. */
gint64 mf_control_next (gint64 after, const char **out_name);
/* File type and permissions. */
mode_t mf_control_mode (gint64 id);
/* How long the kernel may keep its attributes. */
double mf_control_timeout_s (gint64 id);
/* Whether it is .mailfs/events, which has no text (events.h). */
gboolean mf_control_is_events (gint64 id);
/* Its present text, or NULL when there is no such file. */
GString *mf_control_text (const MfMount *mount, gint64 id);
