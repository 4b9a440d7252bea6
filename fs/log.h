/* log.h - where log messages go: one line each, no control characters.
 *
 * Shape:   GLib's structured log is the only way in, for all floors.  First to
 *          stderr; from mf_log_to_syslog() on to the system's log.
 * Threads: init, once, and show_debug while there is one thread; the rest any.
 */
#pragma once

#include <glib.h>

void mf_log_init (void);
void mf_log_show_debug (void);
void mf_log_to_syslog (void);
