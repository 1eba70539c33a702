-- least: 3
-- The key by which secrets of what was made over REST are encrypted, by its fingerprint. A program before this one does not understand such
-- secrets: the least form grows with the first key.
CREATE TABLE secret_key (
  name        TEXT COLLATE "C" PRIMARY KEY, -- now
  fingerprint TEXT COLLATE "C" NOT NULL,
  since       BIGINT NOT NULL -- Unix milliseconds
);
