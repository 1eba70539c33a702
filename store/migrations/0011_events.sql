-- Events of accounts that follow what becomes of their messages (events.go): those of one commit and account are a row,
-- its key the position of the last of them.
CREATE TABLE event (
  position INTEGER PRIMARY KEY,
  account  TEXT NOT NULL,
  data     BLOB NOT NULL
);
CREATE INDEX event_of ON event (account, position);

-- The accounts whose events are written: all of them behind floor are there. used is when somebody last followed them.
CREATE TABLE event_account (
  account TEXT PRIMARY KEY,
  floor   INTEGER NOT NULL,
  used    INTEGER NOT NULL
) WITHOUT ROWID;
