/* fleet.h - the mounts of --all: each account of mailfs.conf in a directory of
 * MOUNTPOINT that has its name.
 *
 * Shape:   a process for each account, so that no account's trouble is another's.
 *          They are mounted one after another, for each may ask for a password.
 *          In the foreground this process stays, passes signals on and ends with
 *          the last of them.
 * Threads: one, before any other.
 */
#pragma once

#include "fs/config.h"
#include "fs/daemon.h"

/* Serves a mount until its end and returns what to exit with. */
typedef int (*MfFleetServe) (MfConfig *config, const char *config_dir, MfDaemon *daemon);

/* Returns what to exit with, in the processes of the accounts too: 0 when all of
 * them are mounted (in the foreground: and have ended well), else 1. */
int mf_fleet_run (const MfLine *line, const char *config_dir, MfFleetServe serve);
