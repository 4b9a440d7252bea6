/* deeds.h - every kind of change that a user can make, one after the other.
 *
 * Shape:   a server to begin with, a row of deeds, each a change that is whole or
 *          not at all, and what is to be seen before and after them, as text.
 * Threads: one; the account's workers run beside.
 */
#pragma once

#include "cache/cache.h"
#include "tests/fake-remote.h"

typedef struct
{
  const char *name;
  void (*run) (MfCache *cache);
} MfDeed;

extern const MfDeed mf_deeds[];
extern const guint mf_n_deeds;

/* (transfer full): the same at each call. */
MfFake *mf_deeds_server (MfCaps caps);
/* Lists every folder and fetches every body. */
void mf_deeds_learn (MfCache *cache);

/* (transfer full): each message in a line, "MAILBOX FLAGS KEYWORDS DATE TEXT", and each
 * folder, sorted.  What is \Deleted is left out. */
char *mf_deeds_on_server (MfFake *fake);
/* The same as it is seen here, and as the server has it by the index; NULL when
 * some content is not here. */
char *mf_deeds_seen (MfCache *cache);
/* Each name. (transfer full) */
char *mf_deeds_names (MfCache *cache);
