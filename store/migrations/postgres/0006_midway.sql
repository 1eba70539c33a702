-- least: 3
-- Where the intermediate state of a message is owed, which its final one waits for.
CREATE INDEX owed_midway ON owed(id) WHERE inbound = 0 AND idx = 0;
