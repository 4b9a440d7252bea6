/* mountinfo.h - what is mounted where, as the kernel tells it.
 *
 * Threads: any.
 * Source:  proc(5), /proc/PID/mountinfo.
 */
#pragma once

#include <glib.h>

typedef struct
{
  char *path;
  char *type;    /* "fuse.mailfs" */
  char *options; /* the file system's own: "rw,user_id=1000,…" */
} MfMounted;

/* (transfer full) (element-type MfMounted), in the order of mounting: of two with
 * one path the last is on top.  Empty when the kernel does not say. */
GPtrArray *mf_mountinfo_read (void);
