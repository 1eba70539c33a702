-- Receipts that are missing at a time, of messages that the next link may then send: by what attempt.
CREATE TABLE missing (
  at  INTEGER NOT NULL,
  id  INTEGER NOT NULL,
  hop INTEGER NOT NULL,
  PRIMARY KEY (at, id)
) WITHOUT ROWID;
