/* labelwords.h - Gmail's labels as users write them in user.imap.labels.
 *
 * Shape:   as flagwords.h, but a label of several words stands in double quotes, with a
 *          backslash before a quote or a backslash in it: +\Starred -"to do".
 * Threads: any; pure.
 */
#pragma once

#include <glib.h>

/* What @text makes of @labels (inout), which are as in MfMessage.  FALSE: it is not
 * written as it should be. */
gboolean mf_labelwords_apply (const char *text, char **labels);
