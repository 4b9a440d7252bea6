/* config.h - all that is settled about a mount before it is made.
 *
 * Shape:   a setting comes, the first wins, from -o, the group [ACCOUNT] of
 *          mailfs.conf, its group [defaults].  The keys of the file are those of
 *          -o, FUSE's own with =yes where they have no value, and account.
 * Threads: one.
 * Errors:  G_OPTION_ERROR, G_KEY_FILE_ERROR, G_FILE_ERROR; messages for the user.
 */
#pragma once

#include "fs/address.h"
#include "fs/line.h"

typedef struct
{
  char *account;    /* an address, or the name of a group of mailfs.conf */
  char *mountpoint; /* absolute */
  gboolean foreground, debug;

  MfAddress address;
  char *user; /* never NULL */
  MfAuth auth;
  gboolean no_tls; /* tls=none */
  gboolean allow_cleartext;
  char *ca_file;                          /* (nullable) */
  char *client_cert, *client_key;         /* (nullable) */
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
 * absolute. */
gboolean mf_config_make (const MfLine *line, const char *account, const char *mountpoint,
                         const char *config_dir, MfConfig *out_config, GError **error);

/* The accounts of mailfs.conf in its order (transfer full); NULL is an error, also
 * when there are none. */
char **mf_config_accounts (const char *config_dir, GError **error);
