-- What people made over REST of what else stands in the file (docs/resources.md), and who changed what of it.
CREATE TABLE resource (
  kind       TEXT NOT NULL,
  name       TEXT NOT NULL,
  position   INTEGER NOT NULL, -- among those of its kind
  body       TEXT NOT NULL,    -- JSON
  revision   INTEGER NOT NULL, -- number of the last change in audit
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  who    TEXT NOT NULL,
  kind   TEXT NOT NULL,
  name   TEXT NOT NULL,
  action TEXT NOT NULL,
  fields TEXT NOT NULL -- that changed, separated by commas; never values
);
