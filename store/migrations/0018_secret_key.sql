-- The key by which secrets of what was made over REST are encrypted, by its fingerprint. A program before this one does not understand such
-- secrets.
CREATE TABLE secret_key (
  name        TEXT PRIMARY KEY, -- now
  fingerprint TEXT NOT NULL,
  since       INTEGER NOT NULL -- Unix milliseconds
) WITHOUT ROWID;
