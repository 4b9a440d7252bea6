/* line.h - the command line, before the file has been read.
 *
 * Shape:   mailfs [OPTION…] ACCOUNT MOUNTPOINT, mailfs [OPTION…] --all MOUNTPOINT,
 *          or a command of ask.h and perhaps a MOUNTPOINT.  Options may stand behind.
 * Threads: one.
 * Errors:  G_OPTION_ERROR; messages for the user.
 */
#pragma once

#include <glib.h>

typedef struct
{
  char *key, *value; /* value (nullable) */
} MfPair;

typedef struct
{
  gboolean help, version; /* nothing else is looked at then */
  gboolean foreground, debug, all;
  char **words;            /* what is no option: one or two */
  GArray *pairs;           /* of MfPair: settings, each key known */
  GPtrArray *fuse_options; /* of char *: for libfuse, as they were given */
} MfLine;

/* @argv may be reordered. */
gboolean mf_line_parse (int argc, char **argv, MfLine *out_line, GError **error);
void mf_line_clear (MfLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfLine, mf_line_clear)

/* No longer and wider than a screen. */
extern const char mf_line_help[];
