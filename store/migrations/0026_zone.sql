-- Where to look for messages by account, link, interface and state (docs/store.md): a bit for each minute of an hour, and for each hour of a day, in which
-- there are any.
CREATE TABLE zone (
  kind    INTEGER NOT NULL, -- 1: minutes of an hour, 2: hours of a day; of messages from phones 3 and 4
  span    INTEGER NOT NULL, -- Unix hours, or Unix days
  account TEXT NOT NULL,
  link    TEXT NOT NULL,
  state   INTEGER NOT NULL,
  via     INTEGER NOT NULL, -- the interface it came by
  bits    INTEGER NOT NULL,
  PRIMARY KEY (kind, span, account, link, state, via)
) WITHOUT ROWID;
