/* ops.h - the table of requests, and what is agreed with the kernel. */
#pragma once

#include "fs/lowlevel.h"

extern const struct fuse_lowlevel_ops mf_ops;
