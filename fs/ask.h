/* ask.h - the commands about what is mounted: status, queue, sync, unmount.
 *
 * Shape:   they use the files of .mailfs as anybody could.  What is meant is each
 *          mount of this user at or below a path, else the one that the path is in;
 *          without a path all of them.
 * Exit:    what is worst of these, for each of the mounts:
 *          0  everything is on the server
 *          1  changes are pending
 *          2  the server cannot be reached
 *          3  changes have failed or are held
 *          4  nothing is mounted there, or it does not answer
 *          unmount: 0, or 4 when it was not done.
 * Threads: one.
 */
#pragma once

#include <glib.h>

gboolean mf_ask_is_command (const char *word);
/* May it have so many words behind it? */
gboolean mf_ask_check (const char *command, guint n_words, GError **error);
/* @path (nullable).  Returns what to exit with. */
int mf_ask_run (const char *command, const char *path);
