/* uidset.h - a set of message UIDs, kept as ranges.
 *
 * Shape:   sorted, disjoint, non-adjacent ranges of guint32; 0 is never a member.
 * Units:   UIDs of one mailbox under one UIDVALIDITY.
 * Threads: any, one at a time for one set.  Pure: no I/O.
 * Errors:  parsing returns NULL for text that is not a sequence-set of numbers.
 * Source:  RFC 9051 section 9, `sequence-set`.
 */
#pragma once

#include <glib.h>

typedef struct
{
  guint32 first, last; /* inclusive */
} MfUidRange;

typedef struct _MfUidSet MfUidSet;

MfUidSet *mf_uidset_new (void);
MfUidSet *mf_uidset_copy (const MfUidSet *self);
void mf_uidset_free (MfUidSet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfUidSet, mf_uidset_free)

/* Adding what is there already changes nothing.  Ascending order is fastest.
 * A range with @first above @last is empty; 0 is passed over. */
void mf_uidset_add (MfUidSet *self, guint32 uid);
void mf_uidset_add_range (MfUidSet *self, guint32 first, guint32 last);
void mf_uidset_remove_range (MfUidSet *self, guint32 first, guint32 last);
void mf_uidset_add_set (MfUidSet *self, const MfUidSet *other);
/* Adds what is between two that are at most @distance apart: for commands that are better few
 * than exact. */
void mf_uidset_close_gaps (MfUidSet *self, guint32 distance);
void mf_uidset_clear (MfUidSet *self);

gboolean mf_uidset_contains (const MfUidSet *self, guint32 uid);
gboolean mf_uidset_is_empty (const MfUidSet *self);
guint64 mf_uidset_count (const MfUidSet *self);
/* Borrowed ranges in ascending order, valid until the next change. */
const MfUidRange *mf_uidset_ranges (const MfUidSet *self, guint *out_n);

/* "1:4,9,12:20"; "" for the empty set. */
char *mf_uidset_to_string (const MfUidSet *self);
/* The set as strings of at most @max_bytes each, in order, for command lines
 * of bounded length; @max_bytes is 21 (one range) or more.
 * Returns (transfer full) (element-type utf8). */
GPtrArray *mf_uidset_to_lines (const MfUidSet *self, gsize max_bytes);
/* Ranges in either direction ("9:4"); "*" is refused.  NULL when malformed,
 * and so for "". */
MfUidSet *mf_uidset_parse (const char *text);
