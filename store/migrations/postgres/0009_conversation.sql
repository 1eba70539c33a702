-- least: 3
-- Conversations of people with phones (docs/web-conversations.md), as in SQLite's 0022_conversation.sql.
CREATE TABLE conversation (
  account TEXT COLLATE "C" NOT NULL,
  number  TEXT COLLATE "C" NOT NULL,
  last    BIGINT NOT NULL,
  inbound BIGINT NOT NULL,
  unread  BIGINT NOT NULL,
  PRIMARY KEY (account, number)
);
CREATE INDEX conversation_last ON conversation(account, last);
CREATE INDEX conversation_unread ON conversation(account, last) WHERE unread > 0;
CREATE INDEX conversation_old ON conversation(last);
ALTER TABLE inbound ADD COLUMN talk BIGINT NOT NULL DEFAULT 0;
CREATE INDEX inbound_talk ON inbound(account, sender, id) WHERE talk = 1;
