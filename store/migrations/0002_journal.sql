-- What has happened to messages and does not yet stand in tables message and progress, a row per commit: docs/store.md.
CREATE TABLE journal (
  number INTEGER PRIMARY KEY,
  data   BLOB NOT NULL
);
