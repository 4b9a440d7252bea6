/* flagwords.h - flags and keywords as users write them in user.imap.flags.
 *
 * Shape:   words separated by spaces: "\Seen Junk" are all that there shall be,
 *          "+\Flagged -Junk" what shall be otherwise.  Case makes no difference.
 * Threads: any; pure.
 * Source:  RFC 9051 section 2.3.2.
 */
#pragma once

#include "cache/cache.h"

/* (transfer full); @keywords (nullable) as in MfMessage. */
char *mf_flagwords_print (MfFlags flags, const char *keywords);

/* What @text makes of the flags and keywords there are.  FALSE: a word is no flag.
 * @keywords: (inout) (nullable). */
gboolean mf_flagwords_apply (const char *text, MfFlags *flags, char **keywords);
