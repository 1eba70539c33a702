-- Requests for messages to many, which are accepted one after the other, also over a restart (docs/people.md).
CREATE TABLE mailing (
  id      INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  by      TEXT NOT NULL,
  ended   INTEGER NOT NULL, -- 0 while it runs
  state   TEXT NOT NULL,
  request BLOB,             -- what is to be sent, text included; NULL when it has ended
  counts  BLOB              -- JSON, of one that has ended
);
