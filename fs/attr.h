/* attr.h - what stat(2) and statfs(2) tell.
 *
 * Shape:   everything comes from the cache; the network is never asked.
 * Units:   a message's times are its INTERNALDATE; st_size is a hint until the
 *          body has been here once (mount.h).
 * Threads: fuse, but for the fillers: any.
 */
#pragma once

#include "fs/mount.h"

void mf_attr_fill_message (const MfMount *mount, const MfMessage *message, guint64 node,
                           struct stat *out_stat);
/* One of cur, new, tmp of @folder. */
void mf_attr_fill_place (const MfMount *mount, const MfFolder *folder, MfPlace place,
                         struct stat *out_stat);
/* @n_children: child folders of @folder. */
void mf_attr_fill_folder (const MfMount *mount, const MfFolder *folder, guint n_children,
                          struct stat *out_stat);
void mf_attr_fill_control (const MfMount *mount, gint64 id, struct stat *out_stat);

/* Any node.  @out_timeout_s: how long the kernel may keep it. */
gboolean mf_attr_get (const MfMount *mount, guint64 node, struct stat *out_stat,
                      double *out_timeout_s, GError **error);

void mf_attr_getattr (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_attr_statfs (fuse_req_t req, fuse_ino_t node);
