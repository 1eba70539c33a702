-- Several servers on one database: docs/store.md. node is whose share a row belongs to; -1 is nobody's, for whoever claims it.
DROP VIEW IF EXISTS backlog; -- made again at each start

CREATE TABLE share (
  node INTEGER PRIMARY KEY,
  term INTEGER NOT NULL DEFAULT 0, -- raised when another node takes it over
  mark INTEGER NOT NULL DEFAULT 0  -- open messages of the node up to here stand in a spill table or a grant
);
INSERT INTO share(node, mark) SELECT 0, coalesce((SELECT value FROM meta WHERE name = 'mark'), 0);
DELETE FROM meta WHERE name = 'mark';

CREATE TABLE waiting_of (
  node     INTEGER NOT NULL,
  link     TEXT NOT NULL,
  priority INTEGER NOT NULL,
  account  TEXT NOT NULL,
  id       INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  PRIMARY KEY (node, link, priority, account, id)
) WITHOUT ROWID;
INSERT INTO waiting_of SELECT 0, link, priority, account, id, expires FROM waiting;
DROP TABLE waiting;
ALTER TABLE waiting_of RENAME TO waiting;
CREATE INDEX waiting_expires ON waiting(node, expires);

CREATE TABLE owed_of (
  node    INTEGER NOT NULL,
  queue   TEXT NOT NULL,
  due     INTEGER NOT NULL,
  id      INTEGER NOT NULL,
  inbound INTEGER NOT NULL,
  idx     INTEGER NOT NULL,
  PRIMARY KEY (node, queue, due, id, inbound, idx)
) WITHOUT ROWID;
INSERT INTO owed_of SELECT 0, queue, due, id, inbound, idx FROM owed;
DROP TABLE owed;
ALTER TABLE owed_of RENAME TO owed;
CREATE INDEX owed_inbound ON owed(id, idx) WHERE inbound = 1;

CREATE TABLE missing_of (
  node INTEGER NOT NULL,
  at   INTEGER NOT NULL,
  id   INTEGER NOT NULL,
  hop  INTEGER NOT NULL,
  PRIMARY KEY (node, at, id)
) WITHOUT ROWID;
INSERT INTO missing_of SELECT 0, at, id, hop FROM missing;
DROP TABLE missing;
ALTER TABLE missing_of RENAME TO missing;

ALTER TABLE due ADD COLUMN node INTEGER NOT NULL DEFAULT 0;
DROP INDEX due_at;
CREATE INDEX due_at ON due(node, at);
ALTER TABLE outstanding ADD COLUMN node INTEGER NOT NULL DEFAULT 0;
DROP INDEX outstanding_deadline;
CREATE INDEX outstanding_deadline ON outstanding(node, deadline);
ALTER TABLE granted ADD COLUMN node INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held ADD COLUMN node INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbound_part ADD COLUMN node INTEGER NOT NULL DEFAULT 0;

-- From one node to another; it goes with the commit that has its effect.
CREATE TABLE mail (
  number INTEGER PRIMARY KEY,
  node   INTEGER NOT NULL, -- to whom
  data   BLOB NOT NULL
);
