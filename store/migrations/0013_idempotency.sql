-- Keys by which repetitions of requests are known: a row per commit, never changed. The table that had this name was never written to.
DROP TABLE idempotency;
CREATE TABLE idempotency (
  number  INTEGER PRIMARY KEY,
  expires INTEGER NOT NULL, -- the last of its keys
  keys    BLOB NOT NULL,    -- 16 octets each: the hash of account and key
  data    BLOB NOT NULL     -- what was asked and answered, in their order
);
-- Tables of hashes that memory has no room for; a table is there when all its buckets are.
CREATE TABLE idempotency_table (
  first   INTEGER PRIMARY KEY, -- numbers of the rows of idempotency that it covers
  last    INTEGER NOT NULL,
  expires INTEGER NOT NULL
);
CREATE TABLE idempotency_bucket (
  first  INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  slots  BLOB NOT NULL,
  PRIMARY KEY (first, bucket)
) WITHOUT ROWID;
