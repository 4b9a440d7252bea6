/* signals.h - TERM, INT and HUP, taken by a thread of their own.
 *
 * Shape:   the signals are blocked everywhere, so no system call is cut short by
 *          them, and the one thread that waits for them may do anything.
 * Threads: block: the first, before any other.  start, stop: once.
 */
#pragma once

#include <glib.h>

/* In the signal thread, at each signal. */
typedef void (*MfSignalFunc) (gpointer user_data);

typedef struct _MfSignals MfSignals;

void mf_signals_block (void);
MfSignals *mf_signals_start (MfSignalFunc func, gpointer user_data);
/* @func is not running afterwards, and will not. */
void mf_signals_stop (MfSignals *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfSignals, mf_signals_stop)
