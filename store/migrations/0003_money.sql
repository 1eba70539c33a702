-- Balances have a currency, and money that comes to them has a key by which its repetition is known.
ALTER TABLE balance ADD COLUMN currency TEXT NOT NULL DEFAULT '';

CREATE TABLE top_up (
  account TEXT NOT NULL,
  key     TEXT NOT NULL,
  at      INTEGER NOT NULL,
  amount  INTEGER NOT NULL,
  balance INTEGER NOT NULL,
  by      TEXT NOT NULL,
  note    TEXT NOT NULL,
  PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE INDEX top_up_at ON top_up(account, at);
