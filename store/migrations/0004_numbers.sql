-- Entries of number lists that came over REST; those of files stand in their files.
CREATE TABLE list_entry (
  list  TEXT NOT NULL,
  entry TEXT NOT NULL,
  at    INTEGER NOT NULL,
  by    TEXT NOT NULL,
  note  TEXT NOT NULL,
  PRIMARY KEY (list, entry)
) WITHOUT ROWID;

-- Who opted out of an account's messages, and in again: rows are added only, and the last one of a phone counts.
CREATE TABLE opt_out (
  number  INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  phone   TEXT NOT NULL,
  opt_in  INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  wrote   TEXT NOT NULL,
  text    TEXT NOT NULL,
  inbound INTEGER NOT NULL,
  by      TEXT NOT NULL
);
CREATE INDEX opt_out_phone ON opt_out(account, phone, number);
