/* news.h - events of one transaction, told after it is committed.
 *
 * Shape:   a list that is filled inside a transaction and sent outside; beyond
 *          MF_NEWS_MOST the messages of a folder shrink to one MF_EVENT_FOLDER_CHANGED.
 * Threads: one at a time; mf_news_send() calls out, so with no lock held (I9).
 */
#pragma once

#include "cache/cache.h"

#define MF_NEWS_MOST 256

typedef struct _MfNews MfNews;

MfNews *mf_news_new (MfEventFunc func, gpointer user_data);
void mf_news_free (MfNews *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfNews, mf_news_free)

/* Copies what it is given.  @before, @after (nullable) as in MfEvent. */
void mf_news_add (MfNews *self, MfEventType type, MfFolderId folder, const MfMessage *before,
                  const MfMessage *after);
void mf_news_send (MfNews *self);
/* The transaction has failed. */
void mf_news_forget (MfNews *self);
