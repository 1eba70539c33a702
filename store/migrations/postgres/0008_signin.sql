-- least: 3
-- What people sign in to the web pages with, and where they are signed in (docs/web-people.md). Times are Unix milliseconds, 0 for none.
CREATE TABLE web_session (
  hash   BYTEA PRIMARY KEY, -- SHA-256 of the token that the browser has
  person TEXT COLLATE "C" NOT NULL, -- name of the user
  mark   BYTEA NOT NULL,    -- changes with the user's password
  addr   TEXT COLLATE "C" NOT NULL,
  agent  TEXT COLLATE "C" NOT NULL,
  began  BIGINT NOT NULL,
  seen   BIGINT NOT NULL,
  waits  BIGINT NOT NULL    -- 1: for the second factor
);
CREATE INDEX web_session_person ON web_session(person);
CREATE TABLE second_factor (
  person TEXT COLLATE "C" PRIMARY KEY,
  secret TEXT COLLATE "C" NOT NULL, -- encrypted where there is a key
  since  BIGINT NOT NULL,
  step   BIGINT NOT NULL,   -- of the last code that was taken: no code counts twice
  codes  BYTEA NOT NULL,    -- hashes of what is left of the recovery codes
  failed BIGINT NOT NULL,   -- wrong codes since the last right one
  tried  BIGINT NOT NULL    -- when the last wrong one came
);
CREATE TABLE signin_link (
  hash   BYTEA PRIMARY KEY, -- SHA-256 of the token in the link
  kind   TEXT COLLATE "C" NOT NULL, -- setup, invite or reset
  person TEXT COLLATE "C" NOT NULL, -- empty for setup
  mark   BYTEA NOT NULL,    -- as of sessions
  until  BIGINT NOT NULL
);
CREATE INDEX signin_link_person ON signin_link(person);
-- What the fields were before a change and are after it: JSON, with stars for secrets.
ALTER TABLE audit ADD COLUMN data TEXT COLLATE "C" NOT NULL DEFAULT '';
