-- Servers that share the database, and who of them holds which session of a link: docs/store.md. A node's row is written once a
-- second, a lease's when it changes hands.
CREATE TABLE node (
  number  BIGINT PRIMARY KEY,              -- 0 to 63, as in the ids of messages
  name    TEXT COLLATE "C" NOT NULL UNIQUE,
  term    BIGINT NOT NULL,                 -- grows with every process of the name, and when it ends or is declared dead
  beat    BIGINT NOT NULL,                 -- grows with every renewal
  renewed BIGINT NOT NULL,                 -- when it last did, by the database's clock
  live    BIGINT NOT NULL,                 -- 0: it has ended, or was declared dead
  about   TEXT COLLATE "C" NOT NULL        -- JSON: what it says of itself
) WITH (fillfactor = 10);
CREATE TABLE lease (
  name      TEXT COLLATE "C" PRIMARY KEY,
  term      BIGINT NOT NULL, -- grows with every holder
  node      BIGINT NOT NULL, -- number of the holder, -1 for nobody
  node_term BIGINT NOT NULL  -- its term; the lease is free when that is over
) WITH (fillfactor = 50);
