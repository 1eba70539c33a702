-- What people sign in to the web pages with, and where they are signed in (docs/web-people.md). Times are Unix milliseconds, 0 for none.
CREATE TABLE web_session (
  hash   BLOB PRIMARY KEY, -- SHA-256 of the token that the browser has
  person TEXT NOT NULL,    -- name of the user
  mark   BLOB NOT NULL,    -- changes with the user's password
  addr   TEXT NOT NULL,
  agent  TEXT NOT NULL,
  began  INTEGER NOT NULL,
  seen   INTEGER NOT NULL,
  waits  INTEGER NOT NULL  -- 1: for the second factor
) WITHOUT ROWID;
CREATE INDEX web_session_person ON web_session(person);
CREATE TABLE second_factor (
  person TEXT PRIMARY KEY,
  secret TEXT NOT NULL,    -- encrypted where there is a key
  since  INTEGER NOT NULL,
  step   INTEGER NOT NULL, -- of the last code that was taken: no code counts twice
  codes  BLOB NOT NULL,    -- hashes of what is left of the recovery codes
  failed INTEGER NOT NULL, -- wrong codes since the last right one
  tried  INTEGER NOT NULL  -- when the last wrong one came
) WITHOUT ROWID;
CREATE TABLE signin_link (
  hash   BLOB PRIMARY KEY, -- SHA-256 of the token in the link
  kind   TEXT NOT NULL,    -- setup, invite or reset
  person TEXT NOT NULL,    -- empty for setup
  mark   BLOB NOT NULL,    -- as of sessions
  until  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX signin_link_person ON signin_link(person);
-- What the fields were before a change and are after it: JSON, with stars for secrets.
ALTER TABLE audit ADD COLUMN data TEXT NOT NULL DEFAULT '';
