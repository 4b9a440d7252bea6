/* ready.h - telling a service manager how far we are.
 *
 * Shape:   a datagram to the socket that $NOTIFY_SOCKET names; without one
 *          nothing is done.
 * Threads: init before any other; tell any.
 * Source:  sd_notify(3), "Standalone implementations".
 */
#pragma once

#include <glib.h>

/* Takes the name out of the environment, so that no command of ours inherits it. */
void mf_ready_init (void);
/* "READY=1", "STOPPING=1"; lines may be joined by "\n". */
void mf_ready_tell (const char *state);
/* What is told from here on is somebody else's business. */
void mf_ready_forget (void);
