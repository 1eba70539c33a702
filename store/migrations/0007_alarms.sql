-- Alarms: what people ought to look at, from its beginning to its end. Times are Unix milliseconds, 0 for none.
CREATE TABLE alarm (
  id       INTEGER PRIMARY KEY,
  kind     TEXT NOT NULL,
  subject  TEXT NOT NULL,
  text     TEXT NOT NULL,
  began    INTEGER NOT NULL,
  raised   INTEGER NOT NULL,
  ended    INTEGER NOT NULL,
  count    INTEGER NOT NULL,
  acked    INTEGER NOT NULL,
  acked_by TEXT NOT NULL,
  flags    INTEGER NOT NULL -- 1 its end is said, 2 told, 4 its end is told
);
