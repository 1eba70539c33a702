-- What servers that share the database want and take of rates: docs/store.md. The row of node -1 has the number of the last change.
CREATE TABLE rate (
  node      INTEGER PRIMARY KEY, -- number of the server
  node_term INTEGER NOT NULL,    -- its term; the row says nothing when that is over
  version   INTEGER NOT NULL,    -- number of the change that wrote the row
  body      TEXT NOT NULL        -- JSON
);
