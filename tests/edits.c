#include "tests/edits.h"

#include <string.h>

#include "tests/check.h"

void
mf_edit_flags (MfCache *cache, MfMsgId id, MfFlags flags, const char *keywords)
{
  g_auto (MfMessage) seen = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_message (cache, id, &seen, &error), error);
  mf_check (mf_cache_set_flags (cache, &seen, flags, keywords, &error), error);
}

void
mf_edit_labels (MfCache *cache, MfMsgId id, const char *labels)
{
  g_auto (MfMessage) seen = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_message (cache, id, &seen, &error), error);
  mf_check (mf_cache_set_labels (cache, &seen, labels, &error), error);
}

void
mf_edit_move (MfCache *cache, MfMsgId id, MfFolderId folder, const char *base, MfFlags flags)
{
  g_autofree char *own = g_strdup_printf ("name%" G_GINT64_FORMAT, id);
  g_auto (MfMessage) seen = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_message (cache, id, &seen, &error), error);
  MfSpot spot = { folder, MF_PLACE_CUR, base != NULL ? base : own, flags, seen.flags };
  mf_check (mf_cache_rename (cache, id, &spot, 0, &error), error);
}

void
mf_edit_remove (MfCache *cache, MfMsgId id, const char *base)
{
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_remove (cache, id, base, &error), error);
}

MfDraft *
mf_edit_begin_rewrite (MfCache *cache, MfMsgId id, const char *base, const char *text)
{
  g_autoptr (GError) error = NULL;
  MfDraft *draft = mf_cache_draft_open (cache, id, base, &error);

  g_assert_no_error (error);
  mf_check (mf_draft_truncate (draft, 0, &error), error);
  mf_check (mf_draft_write (draft, 0, text, strlen (text), &error), error);
  mf_check (mf_draft_flush (draft, &error), error);
  return draft;
}

void
mf_edit_rewrite (MfCache *cache, MfMsgId id, const char *base, const char *text)
{
  mf_draft_close (mf_edit_begin_rewrite (cache, id, base, text));
}

MfMsgId
mf_edit_write (MfCache *cache, const MfSpot *spot, const char *text)
{
  g_auto (MfMessage) made = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_create (cache, spot, &made, &error), error);
  mf_edit_rewrite (cache, made.id, NULL, text);
  return made.id;
}

MfMsgId
mf_edit_deliver (MfCache *cache, MfFolderId folder, const char *base, const char *text)
{
  MfSpot from = { folder, MF_PLACE_TMP, base, 0, 0 }, to = { folder, MF_PLACE_NEW, base, 0, 0 };
  MfMsgId id = mf_edit_write (cache, &from, text);
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_rename (cache, id, &to, 0, &error), error);
  return id;
}
