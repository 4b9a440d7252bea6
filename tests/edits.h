/* edits.h - changes as a program on a mount makes them, each of which must succeed.
 *
 * Threads: any.
 */
#pragma once

#include "cache/cache.h"

void mf_edit_flags (MfCache *cache, MfMsgId id, MfFlags flags, const char *keywords);
void mf_edit_labels (MfCache *cache, MfMsgId id, const char *labels);
/* Into cur/.  @base (nullable): one that no other has. */
void mf_edit_move (MfCache *cache, MfMsgId id, MfFolderId folder, const char *base, MfFlags flags);
void mf_edit_remove (MfCache *cache, MfMsgId id, const char *base);
/* A file with that text, closed. */
MfMsgId mf_edit_write (MfCache *cache, const MfSpot *spot, const char *text);
/* All of it anew, flushed and still open, or closed. */
MfDraft *mf_edit_begin_rewrite (MfCache *cache, MfMsgId id, const char *base, const char *text);
void mf_edit_rewrite (MfCache *cache, MfMsgId id, const char *base, const char *text);
/* Written in tmp/, moved to new/. */
MfMsgId mf_edit_deliver (MfCache *cache, MfFolderId folder, const char *base, const char *text);
