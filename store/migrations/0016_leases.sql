-- Servers that share the database, and who of them holds which session of a link: docs/store.md. With SQLite there is one, but in tests.
CREATE TABLE node (
  number  INTEGER PRIMARY KEY, -- 0 to 63, as in the ids of messages
  name    TEXT NOT NULL UNIQUE,
  term    INTEGER NOT NULL,    -- grows with every process of the name, and when it ends or is declared dead
  beat    INTEGER NOT NULL,    -- grows with every renewal
  renewed INTEGER NOT NULL,    -- when it last did, by the database's clock
  live    INTEGER NOT NULL,    -- 0: it has ended, or was declared dead
  about   TEXT NOT NULL        -- JSON: what it says of itself
);
CREATE TABLE lease (
  name      TEXT PRIMARY KEY,
  term      INTEGER NOT NULL, -- grows with every holder
  node      INTEGER NOT NULL, -- number of the holder, -1 for nobody
  node_term INTEGER NOT NULL  -- its term; the lease is free when that is over
) WITHOUT ROWID;
