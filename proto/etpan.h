/* etpan.h - the only door to libetpan.
 *
 * Shape:   its parser, run over whole responses that reply.h has cut out, so that
 *          a response which it refuses harms nothing but itself; and its SASL
 *          client, run over two callbacks.
 * Threads: any, after mf_etpan_init().
 * Source:  RFC 9051 section 9; RFC 4422 (SASL), RFC 5802 and 7677 (SCRAM).
 */
#pragma once

#include "proto/meta.h"
#include "proto/remote.h"
#include "proto/uidset.h"

/* Once per process, before any thread: the list of extensions has no lock. */
void mf_etpan_init (void);

/* A whole "* n FETCH (...)" CRLF.  FALSE, with @meta reset: it is malformed. */
gboolean mf_etpan_fetch (const GString *text, MfMeta *meta);

/* The codes in brackets that carry data. */
typedef enum
{
  MF_CODE_OTHER,
  MF_CODE_CAPABILITY,     /* words: each one */
  MF_CODE_PERMANENTFLAGS, /* keywords */
  MF_CODE_UIDVALIDITY,    /* number */
  MF_CODE_UIDNEXT,        /* number */
  MF_CODE_HIGHESTMODSEQ,  /* number */
  MF_CODE_APPENDUID,      /* number: UIDVALIDITY; target */
  MF_CODE_COPYUID,        /* number: UIDVALIDITY; source, target */
} MfCodeKind;

typedef struct
{
  MfCodeKind kind;
  guint64 number;
  gboolean keywords;      /* new ones can be made */
  GPtrArray *words;       /* (nullable) */
  GArray *source, *target; /* (nullable) MfUidRange, in the server's order */
} MfCode;

void mf_etpan_code (MfScan text, MfCode *out);
void mf_code_clear (MfCode *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfCode, mf_code_clear)

/* What the SASL exchange talks through.  Lines come and go without CRLF. */
typedef struct
{
  gboolean (*send) (const char *line, gsize size, gpointer user_data);
  /* (transfer full) What followed "+ "; NULL once there is another answer, or
   * none. */
  char *(*challenge) (gpointer user_data);
  gpointer user_data;
} MfSaslPeer;

/* Sends "AUTHENTICATE mechanism" and all that follows.  FALSE: the mechanism is
 * not to be had here, or it found fault with what the server said. */
gboolean mf_etpan_sasl (const char *mechanism, const char *host, const char *user,
                        const char *secret, const MfSaslPeer *peer);
