/* credfile.h - files with passwords: mailfs/secrets and netrc.
 *
 * Shape:   secrets has a group [ACCOUNT] or [user@host] per account with a line
 *          password=TEXT, TEXT taken as it is.  netrc: machine, default, login,
 *          password.
 * Threads: any.
 * Errors:  MF_REMOTE_ERROR_AUTH: a file that others may read, or that is not to
 *          be understood.  A file that does not exist is an empty one.
 * Source:  netrc(5).
 */
#pragma once

#include "cache/cache.h"

/* TRUE without @out_password set: nothing there for this account.  Free it with
 * mf_secret_free().  @groups: NULL-terminated, the first that is there counts. */
gboolean mf_credfile_secrets (const char *path, const char *const *groups, char **out_password,
                              GError **error);
gboolean mf_credfile_netrc (const char *path, const char *host, const char *user,
                            char **out_password, GError **error);

/* The same on text.  Pure. */
char *mf_credfile_parse_secrets (const char *text, const char *const *groups);
char *mf_credfile_parse_netrc (const char *text, const char *host, const char *user);
