-- Index and journal of one account.  Version 2; docs/formats.md says more.
-- Folder 1 is the root, 2 is lost+found.  Ids are never reused (I6).

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
  uidnext INTEGER NOT NULL DEFAULT 0,       -- every UID below it is in the index
  highestmodseq INTEGER NOT NULL DEFAULT 0, -- every change up to it of those is in the index
  messages INTEGER NOT NULL DEFAULT 0,
  unseen INTEGER NOT NULL DEFAULT 0,
  known INTEGER NOT NULL DEFAULT 0,         -- listed completely at least once
  renumbered INTEGER NOT NULL DEFAULT 0,    -- the mailbox was made anew: rematch.h
  tag TEXT UNIQUE,                          -- in generated names
  cur_changed_ns INTEGER NOT NULL DEFAULT 0,
  new_changed_ns INTEGER NOT NULL DEFAULT 0,
  tmp_changed_ns INTEGER NOT NULL DEFAULT 0,
  tree_changed_ns INTEGER NOT NULL DEFAULT 0,
  UNIQUE (parent, name)
);

CREATE TABLE message (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  folder INTEGER NOT NULL,                  -- where readers see it; 0: nowhere yet
  place INTEGER NOT NULL,                   -- MfPlace: 0 cur, 1 new, 2 tmp, 3 removed
  home INTEGER,                             -- the folder that the server has it in; NULL: none
  uid INTEGER,                              -- there; NULL: not on the server, or not known yet
  base TEXT,                                -- NULL: generated
  flags INTEGER NOT NULL DEFAULT 0,         -- MfFlags
  keywords TEXT,
  internaldate INTEGER NOT NULL DEFAULT 0,
  wire_size INTEGER NOT NULL DEFAULT 0,     -- RFC822.SIZE
  exact_size INTEGER,                       -- what a reader gets, once known
  draft INTEGER NOT NULL DEFAULT 0,         -- its content is in a file of its own (drafts.h):
                                            -- 1 it is only there, 2 the server has it as well
  version INTEGER NOT NULL DEFAULT 0,       -- of that file: what is being written is the next
  modseq INTEGER NOT NULL DEFAULT 0,
  emailid TEXT,
  threadid TEXT,
  labels TEXT
);
CREATE UNIQUE INDEX message_uid ON message (home, uid) WHERE uid IS NOT NULL;
CREATE UNIQUE INDEX message_base ON message (folder, place = 2, base)
  WHERE base IS NOT NULL AND place < 3;     -- tmp/ has names of its own, the removed have none
CREATE INDEX message_place ON message (folder, place);
CREATE INDEX message_unnumbered ON message (home) WHERE uid IS NULL;
CREATE INDEX message_aside ON message (home) WHERE folder = 0;
CREATE INDEX message_draft ON message (draft) WHERE draft != 0;

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

-- Local changes that the server has not confirmed: journal.h.
CREATE TABLE change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,                    -- MfChangeKind
  state INTEGER NOT NULL DEFAULT 0,         -- MfChangeState
  message INTEGER,                          -- NULL: a change of a folder
  folder INTEGER,                           -- of the message: where to; of a folder: itself
  parent INTEGER,                           -- of a folder that is made or renamed: where to,
  name TEXT,                                -- and as what; of a message: the base that it had
                                            -- before, if another came with the change, '' a
                                            -- generated one
  add_flags INTEGER NOT NULL DEFAULT 0,
  remove_flags INTEGER NOT NULL DEFAULT 0,
  add_keywords TEXT,
  remove_keywords TEXT,
  source INTEGER,                           -- message that a copy is made of, or, of what a move by
                                            -- COPY has left behind, the copy
  after INTEGER,                            -- message that has to be on the server first
  removal INTEGER NOT NULL DEFAULT 0,       -- came of rm: the guard counts it
  uidnext INTEGER NOT NULL DEFAULT 0,       -- of the target, noted before it was sent; of what
                                            -- has none 1: it was sent, and may have been done
  digest TEXT,                              -- of an upload, likewise
  made INTEGER NOT NULL,                    -- epoch seconds
  error TEXT                                -- why it failed
);
CREATE INDEX change_message ON change (message) WHERE message IS NOT NULL;
CREATE INDEX change_folder ON change (seq) WHERE message IS NULL;
CREATE INDEX change_source ON change (source) WHERE source IS NOT NULL;
CREATE INDEX change_after ON change (after) WHERE after IS NOT NULL;
CREATE INDEX change_state ON change (state, seq);
