/* name.h - how messages and folders are spelled in the tree.
 *
 * Shape:   a message is BASE in new/ and tmp/, and BASE:2,FLAGS in cur/.  A generated BASE
 *          is DATE.UID.TAG: INTERNALDATE in seconds (10 digits at least), UID in
 *          8 hexadecimal digits, the tag of its folder.  A folder's component is
 *          %XX-escaped so that it is one safe, readable Unix name, and back.
 * Units:   no name is longer than MF_NAME_MAX bytes.
 * Threads: any; pure.
 * Source:  https://cr.yp.to/proto/maildir.html; I8: server text passes here.
 */
#pragma once

#include "cache/cache.h"

#define MF_NAME_MAX 255

/* ---- messages --------------------------------------------------------- */

typedef struct
{
  char *base;
  gboolean has_info; /* ":2," was there */
  MfFlags flags;     /* letters that are not Maildir's are skipped */
} MfName;

void mf_name_clear (MfName *name);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfName, mf_name_clear)

/* FALSE when no message can have this file name. */
gboolean mf_name_parse (const char *file_name, MfName *out_name);

typedef struct
{
  gint64 date; /* of INTERNALDATE, never before the epoch */
  guint32 uid;
  const char *tag; /* borrowed from the parsed base */
} MfGenerated;

/* FALSE: not spelled as a generated base. */
gboolean mf_name_parse_base (const char *base, MfGenerated *out_generated);

/* Whether a message may be called @base with any flags. */
gboolean mf_name_fits (const char *base);

/* Writes the present file name of @message into @buffer.  @tag (nullable) is its
 * folder's.  FALSE: too long, or not a name that a directory may hold. */
gboolean mf_name_format (const MfMessage *message, const char *tag,
                         char buffer[static MF_NAME_MAX + 1]);

/* ---- folders ---------------------------------------------------------- */

/* One component as a file name (transfer full).  Escaped are '/', '%', a leading
 * '.', control characters, bytes that are not UTF-8 and the first letter of
 * "cur", "new", "tmp"; the empty component is "%".  A longer name than a
 * directory holds is cut and ends in "%~" and a hash. */
char *mf_name_escape (const char *component);
/* The component (transfer full) whose name is @file_name; NULL when there is
 * none, or when the name is cut and must be compared with what there is. */
char *mf_name_unescape (const char *file_name);
gboolean mf_name_is_cut (const char *file_name);
