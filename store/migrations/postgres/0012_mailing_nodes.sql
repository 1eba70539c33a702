-- least: 3
-- Requests for messages to many belong to a server, can be paused, and are asked for things by others (docs/people.md).
ALTER TABLE mailing ADD COLUMN node BIGINT NOT NULL DEFAULT -1; -- whose it is; -1: the one that made its id
ALTER TABLE mailing ADD COLUMN wish TEXT COLLATE "C" NOT NULL DEFAULT ''; -- what another server asks of whose it is: paused, running, stopped; empty for nothing
UPDATE mailing SET node = (id >> 16) & 63;
