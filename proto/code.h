/* code.h - the response codes that carry data.
 *
 * Shape:   pure: the text within the brackets in, one record out.
 * Threads: any.
 * Errors:  what is malformed, out of range or not known is MF_CODE_OTHER.
 * Source:  RFC 9051 section 7.1, RFC 4315 (UIDPLUS), RFC 7162 (HIGHESTMODSEQ).
 */
#pragma once

#include "proto/scan.h"
#include "proto/uidset.h"

typedef enum
{
  MF_CODE_OTHER,
  MF_CODE_CAPABILITY,     /* words */
  MF_CODE_PERMANENTFLAGS, /* words */
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
  GPtrArray *words;        /* (nullable) (element-type utf8) */
  GArray *source, *target; /* (nullable) MfUidRange, in the server's order */
} MfCode;

/* "CAPABILITY IMAP4rev1 IDLE"; the same as untagged data. */
void mf_code_parse (MfCode *self, MfScan text);
void mf_code_clear (MfCode *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfCode, mf_code_clear)

/* How many UIDs the ranges hold. */
guint64 mf_code_count (const GArray *ranges);
