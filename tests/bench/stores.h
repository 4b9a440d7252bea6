/* stores.h - ways to keep message bodies on disk, to be measured.
 *
 * Shape:   every store keeps one row a message in SQLite (WAL, synchronous
 *          NORMAL), because the cache needs that row anyway.  They differ in
 *          where the bytes are:
 *            files      one file each, 256 to a directory, written as ID.part
 *                       and renamed
 *            files+sync the same, with fsync before the rename
 *            segments   appended to files of 64 MB, the place in the row, found
 *                       by index; deletion punches a hole between the living
 *                       neighbours
 *            segments+sync
 *                       the same, with fdatasync before each transaction ends
 *            blobs      in the row, written incrementally when large
 * Units:   IDs count from 1 in the order of writing.  Changes are gathered into
 *          transactions of 256 messages or 16 MB; bytes go in pieces of 64 KB.
 * Threads: one.
 * Errors:  any failure stops the program.
 */
#pragma once

#include <glib.h>

typedef struct
{
  const char *bytes; /* borrowed */
  gsize size_bytes;
} Message;

typedef struct _Store Store;

#define N_STORES 5

/* @type: below N_STORES. */
const char *store_type_name (guint type);

/* @directory exists; what an earlier store of this type left there is found. */
Store *store_open (guint type, const char *directory);
void store_close (Store *self);

void store_put (Store *self, guint id, const Message *message);
/* Ends the open transaction, without waiting for the disk. */
void store_commit (Store *self);
/* Reads all of a message and returns its size.
 * @expected: (nullable): compared with what is read. */
gsize store_get (Store *self, guint id, const Message *expected);
void store_drop (Store *self, guint id);
/* Commits, moves the log into the database and waits until the disk has all. */
void store_flush (Store *self);
