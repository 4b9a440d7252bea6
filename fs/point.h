/* point.h - the mountpoint, before and after it is ours.
 *
 * Threads: one.
 * Errors:  G_IO_ERROR; messages for the user.
 */
#pragma once

#include <gio/gio.h>

/* Is it a directory on which nothing is mounted?  What a dead mailfs left there is
 * taken away first. */
gboolean mf_point_prepare (const char *mountpoint, GError **error);
