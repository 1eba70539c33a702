-- What a customer's server did not take and is told no more: of a message its final state (idx 1), of a message from a phone its
-- target idx. The address is as it is shown, without user and query.
CREATE TABLE dead_letter (
  number  INTEGER PRIMARY KEY,
  id      INTEGER NOT NULL,
  inbound INTEGER NOT NULL,
  idx     INTEGER NOT NULL,
  state   INTEGER NOT NULL,
  account TEXT NOT NULL,
  kind    INTEGER NOT NULL,
  address TEXT NOT NULL,
  since   INTEGER NOT NULL, -- it was owed
  at      INTEGER NOT NULL, -- it was given up
  tries   INTEGER NOT NULL,
  code    INTEGER NOT NULL, -- last answer
  text    TEXT NOT NULL
);
CREATE UNIQUE INDEX dead_letter_of ON dead_letter (id, inbound, idx);
CREATE INDEX dead_letter_by ON dead_letter (account, number);
