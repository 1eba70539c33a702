-- What reports are made of (docs/reports.md): sums per hour beside those of table counter, and when links and interfaces were there.
CREATE TABLE tally (
  kind    INTEGER NOT NULL,
  hour    INTEGER NOT NULL, -- Unix hours
  account TEXT NOT NULL,
  link    TEXT NOT NULL,
  detail  TEXT NOT NULL,
  n       INTEGER NOT NULL,
  PRIMARY KEY (kind, hour, account, link, detail)
) WITHOUT ROWID;

CREATE TABLE span (
  kind  TEXT NOT NULL,    -- link, interface or node
  name  TEXT NOT NULL,
  node  INTEGER NOT NULL, -- that saw it
  since INTEGER NOT NULL, -- Unix milliseconds, as until
  until INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (kind, name, node, since)
) WITHOUT ROWID;
CREATE INDEX span_until ON span(until);
