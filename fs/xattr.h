/* xattr.h - extended attributes of messages and folders.
 *
 * Shape:   a table of names, each with what makes its value from a row, or from
 *          the header of a body that is here.  What does not apply is absent.
 *          Values are text without a final NUL: flags as in RFC 9051 separated by
 *          spaces, dates as 2026-01-31T23:59:59Z, numbers in decimal, truth as 1
 *          or 0, quota as "USED LIMIT" in bytes.
 * Threads: fuse.  Nothing here waits for the network.
 */
#pragma once

#include "fs/mount.h"

void mf_xattr_get (fuse_req_t req, fuse_ino_t node, const char *name, size_t size);
void mf_xattr_list (fuse_req_t req, fuse_ino_t node, size_t size);
