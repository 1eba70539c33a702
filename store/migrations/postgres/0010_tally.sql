-- least: 3
-- What reports are made of (docs/reports.md): sums per hour beside those of table counter, and when links and interfaces were there.
CREATE TABLE tally (
  kind    BIGINT NOT NULL,
  hour    BIGINT NOT NULL, -- Unix hours
  account TEXT COLLATE "C" NOT NULL,
  link    TEXT COLLATE "C" NOT NULL,
  detail  TEXT COLLATE "C" NOT NULL,
  n       BIGINT NOT NULL,
  PRIMARY KEY (kind, hour, account, link, detail)
);

CREATE TABLE span (
  kind  TEXT COLLATE "C" NOT NULL,    -- link, interface or node
  name  TEXT COLLATE "C" NOT NULL,
  node  BIGINT NOT NULL, -- that saw it
  since BIGINT NOT NULL, -- Unix milliseconds, as until
  until BIGINT NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (kind, name, node, since)
);
CREATE INDEX span_until ON span(until);
