-- What accounts have had of their limits, where several nodes count on them; of one, it is in memory and counted from table counter.
CREATE TABLE allowance (
  account TEXT NOT NULL,
  kind    INTEGER NOT NULL, -- 0 messages, 1 micro-units of money
  period  INTEGER NOT NULL, -- 0 hour, 1 day, 2 month
  since   INTEGER NOT NULL, -- Unix milliseconds; with another beginning of the span it is counted anew
  used    INTEGER NOT NULL,
  PRIMARY KEY (account, kind, period)
) WITHOUT ROWID;
