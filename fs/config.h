/* config.h - what the command line and mailfs.conf say.
 *
 * Shape:   mailfs [OPTION…] ACCOUNT MOUNTPOINT.  A setting comes, the first wins,
 *          from -o, the group [ACCOUNT] of mailfs.conf, its group [defaults].
 *          The keys of the file are those of -o, and account and user.
 * Threads: one.
 * Errors:  G_OPTION_ERROR, G_KEY_FILE_ERROR, G_FILE_ERROR; messages for the user.
 */
#pragma once

#include "fs/address.h"

typedef struct
{
  char *account;    /* as on the command line */
  char *mountpoint; /* absolute */
  gboolean foreground, debug;
  gboolean help, version; /* nothing else is set then */

  MfAddress address;
  char *user; /* never NULL */
  MfAuth auth;
  gboolean no_tls; /* tls=none */
  gboolean allow_cleartext;
  char *ca_file, *client_cert;            /* (nullable) */
  char *password_command, *token_command; /* (nullable) */
  char *state_dir, *cache_dir;            /* of all accounts */
  guint64 cache_size;
  MfPrefetch prefetch;
  char **folders, **exclude; /* (nullable) */
  gboolean subscribed;
  guint connections;
  guint poll_s, timeout_s, drain_s;
  gboolean expunge; /* delete=expunge */
  guint delete_guard;
  gboolean crlf; /* eol=crlf */
  gboolean sync;
  gboolean read_only;
  GPtrArray *fuse_options; /* of char *: for libfuse, as they were given */
} MfConfig;

void mf_config_clear (MfConfig *config);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfConfig, mf_config_clear)

/* @config_dir holds mailfs.conf, if there is one.  Relative file names are made
 * absolute.  @argv may be reordered. */
gboolean mf_config_parse (int argc, char **argv, const char *config_dir, MfConfig *out_config,
                          GError **error);

extern const char mf_config_help[];
