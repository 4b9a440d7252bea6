/* process.h - which process a request comes from.
 *
 * Threads: any.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The kernel tells the thread: its process, 0 when it has gone. */
pid_t mf_process_of (pid_t thread);
gboolean mf_process_is_alive (pid_t process);
