-- least: 3
-- Messages to rotas that ask one person after the other until somebody has taken them (docs/rota.md). Times are Unix milliseconds, 0 for none.
CREATE TABLE escalation (
  id       BIGINT PRIMARY KEY, -- of the first message
  account  TEXT COLLATE "C" NOT NULL,
  rota     TEXT COLLATE "C" NOT NULL,
  node     BIGINT NOT NULL, -- whose it is
  ended    BIGINT NOT NULL,
  changed  BIGINT NOT NULL,
  acked    BIGINT NOT NULL,
  acked_by TEXT COLLATE "C" NOT NULL,
  request  BYTEA,          -- what is sent, text included; NULL when it has ended
  body     BYTEA NOT NULL  -- JSON: how far it has come
);
CREATE INDEX escalation_changed ON escalation(changed);
