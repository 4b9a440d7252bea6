-- Index and journal of one account.  Version 1; docs/formats.md says more.
-- A folder with id 1 is the root.  Ids are never reused (I6).

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE folder (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  parent INTEGER NOT NULL,
  name TEXT NOT NULL,                       -- one component, as shown before escaping
  mailbox TEXT UNIQUE,                      -- the server's spelling
  selectable INTEGER NOT NULL DEFAULT 0,
  subscribed INTEGER NOT NULL DEFAULT 0,
  special_use INTEGER NOT NULL DEFAULT 0,
  uidvalidity INTEGER NOT NULL DEFAULT 0,   -- what the index was made under
  uidnext INTEGER NOT NULL DEFAULT 0,       -- every UID below it is in the index, if known
  highestmodseq INTEGER NOT NULL DEFAULT 0, -- every change up to it is in the index, if known
  messages INTEGER NOT NULL DEFAULT 0,
  unseen INTEGER NOT NULL DEFAULT 0,
  known INTEGER NOT NULL DEFAULT 0,         -- listed completely at least once
  tag TEXT UNIQUE,                          -- in generated names
  cur_changed_ns INTEGER NOT NULL DEFAULT 0,
  new_changed_ns INTEGER NOT NULL DEFAULT 0,
  tmp_changed_ns INTEGER NOT NULL DEFAULT 0,
  tree_changed_ns INTEGER NOT NULL DEFAULT 0,
  UNIQUE (parent, name)
);

CREATE TABLE message (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  folder INTEGER NOT NULL,                  -- where readers see it
  place INTEGER NOT NULL,                   -- MfPlace
  home INTEGER,                             -- the folder that the server has it in; NULL: none
  uid INTEGER,                              -- there; NULL: not on the server, or not told yet
  base TEXT,                                -- NULL: generated
  flags INTEGER NOT NULL DEFAULT 0,         -- MfFlags
  keywords TEXT,
  internaldate INTEGER NOT NULL DEFAULT 0,
  wire_size INTEGER NOT NULL DEFAULT 0,     -- RFC822.SIZE
  exact_size INTEGER,                       -- what a reader gets, once known
  modseq INTEGER NOT NULL DEFAULT 0,
  emailid TEXT,
  threadid TEXT,
  labels TEXT
);
CREATE UNIQUE INDEX message_uid ON message (home, uid) WHERE uid IS NOT NULL;
CREATE UNIQUE INDEX message_base ON message (folder, base) WHERE base IS NOT NULL;
CREATE INDEX message_place ON message (folder, place);

-- Where the bodies in the cache are.
CREATE TABLE segment (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  nonce INTEGER NOT NULL,                   -- repeated at the head of the file
  boot TEXT                                 -- of the writer; NULL: on the disk for good
);
CREATE TABLE body (
  message INTEGER PRIMARY KEY,
  segment INTEGER NOT NULL,
  start INTEGER NOT NULL,
  size INTEGER NOT NULL,
  used INTEGER NOT NULL                     -- epoch seconds, to the hour
);
CREATE INDEX body_place ON body (segment, start);
