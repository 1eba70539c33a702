-- Whose is what was changed: by this an account finds its own audit (docs/store.md).
CREATE TABLE audit_account (
  account TEXT NOT NULL,
  number  INTEGER NOT NULL, -- of the change
  PRIMARY KEY (account, number)
) WITHOUT ROWID;
-- What was changed before is known by its name alone. Three parts are a user's own book, or an account with a slash in its name: nobody's.
INSERT INTO audit_account SELECT name, number FROM audit WHERE kind = 'accounts';
INSERT INTO audit_account SELECT name, number FROM audit WHERE kind = 'contacts' AND action = 'import' AND instr(name, '/') = 0;
INSERT INTO audit_account SELECT substr(name, 1, instr(name, '/') - 1), number FROM audit
  WHERE kind IN ('contacts', 'groups', 'templates') AND action <> 'import' AND length(name) - length(replace(name, '/', '')) = 1;
