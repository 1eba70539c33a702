-- Messages to rotas that ask one person after the other until somebody has taken them (docs/rota.md). Times are Unix milliseconds, 0 for none.
CREATE TABLE escalation (
  id       INTEGER PRIMARY KEY, -- of the first message
  account  TEXT NOT NULL,
  rota     TEXT NOT NULL,
  node     INTEGER NOT NULL, -- whose it is
  ended    INTEGER NOT NULL,
  changed  INTEGER NOT NULL,
  acked    INTEGER NOT NULL,
  acked_by TEXT NOT NULL,
  request  BLOB,          -- what is sent, text included; NULL when it has ended
  body     BLOB NOT NULL  -- JSON: how far it has come
);
CREATE INDEX escalation_changed ON escalation(changed);
