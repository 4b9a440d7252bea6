/* provider.h - large providers' servers, by the domain of a mail address.
 *
 * Shape:   a table; all of them speak TLS on port 993.
 * Threads: any; pure.
 */
#pragma once

/* (nullable): "imap.gmail.com" for "gmail.com".  @domain in ASCII, any case. */
const char *mf_provider_find (const char *domain);
