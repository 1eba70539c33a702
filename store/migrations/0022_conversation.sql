-- Conversations of people with phones (docs/web-conversations.md): a row for each phone that has written to an account with users of the
-- pages, or was written to by one of them. account is empty for what is nobody's.
CREATE TABLE conversation (
  account TEXT NOT NULL,
  number  TEXT NOT NULL,    -- as inbound.sender has it
  last    INTEGER NOT NULL, -- id of the last line that made the row new: from the phone, or written by a user
  inbound INTEGER NOT NULL, -- id of the last message from the phone; 0 for none
  unread  INTEGER NOT NULL, -- messages from the phone that nobody has seen
  PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE INDEX conversation_last ON conversation(account, last);
CREATE INDEX conversation_unread ON conversation(account, last) WHERE unread > 0;
CREATE INDEX conversation_old ON conversation(last);

-- Those that stand in a conversation are found by the phone; all others stay out of the index.
ALTER TABLE inbound ADD COLUMN talk INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inbound_talk ON inbound(account, sender, id) WHERE talk = 1;
