-- What stands in these tables, and when it is written: docs/store.md.
-- Times are Unix milliseconds. Ids are message.ID: milliseconds since 2025-01-01 in the bits above 22.

-- Written once, when a message is accepted.
CREATE TABLE message (
  id        INTEGER PRIMARY KEY,
  account   TEXT NOT NULL,
  sender    TEXT NOT NULL,
  recipient TEXT NOT NULL,
  reference TEXT,
  text      TEXT,             -- NULL once erased, and for binary messages
  data      BLOB,             -- octets and user data header of the customer, NULL if none
  link      TEXT,             -- first candidate; the others stand in fixed
  via       INTEGER NOT NULL,
  parts     INTEGER NOT NULL,
  price     INTEGER NOT NULL, -- micro-units
  expires   INTEGER NOT NULL,
  fixed     BLOB NOT NULL     -- the rest that never changes
);

-- Written with the message and at each step of its life; rows keep their length.
CREATE TABLE progress (
  id    INTEGER PRIMARY KEY,
  state INTEGER NOT NULL,
  owed  INTEGER NOT NULL,
  final INTEGER NOT NULL,
  log   BLOB NOT NULL
);

CREATE TABLE granted (
  number  INTEGER PRIMARY KEY,
  link    TEXT NOT NULL,
  session INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  ids     BLOB NOT NULL
);

CREATE TABLE inbound (
  id        INTEGER PRIMARY KEY,
  account   TEXT NOT NULL,
  link      TEXT NOT NULL,
  sender    TEXT NOT NULL,
  recipient TEXT NOT NULL,
  text      TEXT,
  data      BLOB,
  received  INTEGER NOT NULL,
  parts     INTEGER NOT NULL,
  missing   INTEGER NOT NULL,
  rule      TEXT NOT NULL,
  fixed     BLOB NOT NULL,
  owed      INTEGER NOT NULL,
  log       BLOB NOT NULL
);
CREATE INDEX inbound_owed ON inbound(id) WHERE owed <> 0;

CREATE TABLE inbound_part (
  id       INTEGER PRIMARY KEY,
  key      TEXT NOT NULL,
  number   INTEGER NOT NULL,
  total    INTEGER NOT NULL,
  received INTEGER NOT NULL,
  part     BLOB NOT NULL
);

CREATE TABLE held (
  number   INTEGER PRIMARY KEY,
  received INTEGER NOT NULL,
  report   BLOB NOT NULL
);

-- Spill tables: what is not in memory only.
CREATE TABLE waiting (
  link     TEXT NOT NULL,
  priority INTEGER NOT NULL,
  account  TEXT NOT NULL,
  id       INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  PRIMARY KEY (link, priority, account, id)
) WITHOUT ROWID;
CREATE INDEX waiting_expires ON waiting(expires);

CREATE TABLE due (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL
);
CREATE INDEX due_at ON due(at);

CREATE TABLE owed (
  queue   TEXT NOT NULL,
  due     INTEGER NOT NULL,
  id      INTEGER NOT NULL,
  inbound INTEGER NOT NULL,
  idx     INTEGER NOT NULL,
  PRIMARY KEY (queue, due, id, inbound, idx)
) WITHOUT ROWID;
CREATE INDEX owed_inbound ON owed(id, idx) WHERE inbound = 1;

CREATE TABLE outstanding (
  key      INTEGER NOT NULL,
  id       INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  PRIMARY KEY (key, id)
) WITHOUT ROWID;
CREATE INDEX outstanding_deadline ON outstanding(deadline);

-- Sums, money, and what is remembered for a while.
CREATE TABLE counter (
  hour    INTEGER NOT NULL,
  account TEXT NOT NULL,
  link    TEXT NOT NULL,
  what    TEXT NOT NULL,
  n       INTEGER NOT NULL,
  PRIMARY KEY (hour, account, link, what)
) WITHOUT ROWID;

CREATE TABLE balance (
  account  TEXT PRIMARY KEY,
  balance  INTEGER NOT NULL,
  charged  INTEGER NOT NULL,
  reserved INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE ledger (
  number   INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  account  TEXT NOT NULL,
  charged  INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  balance  INTEGER NOT NULL,
  first    INTEGER NOT NULL,
  last     INTEGER NOT NULL
);

CREATE TABLE duplicate (
  key     INTEGER PRIMARY KEY,
  id      INTEGER NOT NULL,
  expires INTEGER NOT NULL
);
CREATE INDEX duplicate_expires ON duplicate(expires);

CREATE TABLE idempotency (
  account TEXT NOT NULL,
  key     TEXT NOT NULL,
  ids     BLOB NOT NULL,
  expires INTEGER NOT NULL,
  PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_expires ON idempotency(expires);

CREATE TABLE configuration (
  number INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  text   BLOB NOT NULL
);

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

-- Sorted runs: the index over recipients and references.
CREATE TABLE run (
  number   INTEGER PRIMARY KEY,
  level    INTEGER NOT NULL,
  first    INTEGER NOT NULL, -- ids of the messages it covers
  last     INTEGER NOT NULL,
  entries  INTEGER NOT NULL,
  state    INTEGER NOT NULL  -- 0 being written, 1 in use, 2 to be removed
);
CREATE TABLE run_slice (
  run  INTEGER NOT NULL,
  key  INTEGER NOT NULL,     -- of the first entry
  part INTEGER NOT NULL,     -- place within the run
  data BLOB NOT NULL,
  PRIMARY KEY (run, key, part)
);
