/* network.h - the machine's network, as GNetworkMonitor tells of it.
 *
 * Shape:   a thread, since the monitor speaks only to a main loop.  When the network
 *          has come or changed, the engine looks for the server now.
 * Threads: start, stop: one.
 */
#pragma once

#include "cache/engine.h"

/* @engine outlives it. */
MfNetwork *mf_network_start (MfEngine *engine);
void mf_network_stop (MfNetwork *self);
