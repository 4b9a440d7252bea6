/* lowlevel.h - the only door to libfuse, at one version of its interface. */
#pragma once

#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>
