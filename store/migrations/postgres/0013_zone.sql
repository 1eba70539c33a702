-- least: 3
-- Where to look for messages by account, link, interface and state (docs/store.md): a bit for each minute of an hour, and for each hour of a day, in which
-- there are any.
CREATE TABLE zone (
  kind    BIGINT NOT NULL, -- 1: minutes of an hour, 2: hours of a day; of messages from phones 3 and 4
  span    BIGINT NOT NULL, -- Unix hours, or Unix days
  account TEXT COLLATE "C" NOT NULL,
  link    TEXT COLLATE "C" NOT NULL,
  state   BIGINT NOT NULL,
  via     BIGINT NOT NULL, -- the interface it came by
  bits    BIGINT NOT NULL,
  PRIMARY KEY (kind, span, account, link, state, via)
);
