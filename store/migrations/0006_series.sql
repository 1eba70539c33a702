-- Case numbers of messages from phones: the last of each series, and who has which.
CREATE TABLE series (
  name   TEXT PRIMARY KEY,
  period INTEGER NOT NULL,
  last   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE inbound_case (
  id     INTEGER PRIMARY KEY,
  series TEXT NOT NULL,
  label  TEXT NOT NULL
);
CREATE INDEX inbound_case_label ON inbound_case(label);
CREATE INDEX inbound_case_series ON inbound_case(series, id);
