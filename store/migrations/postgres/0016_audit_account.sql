-- least: 3
-- Whose is what was changed, as in SQLite's 0029_audit_account.sql.
CREATE TABLE audit_account (
  account TEXT COLLATE "C" NOT NULL,
  number  BIGINT NOT NULL,
  PRIMARY KEY (account, number)
);
INSERT INTO audit_account SELECT name, number FROM audit WHERE kind = 'accounts';
INSERT INTO audit_account SELECT name, number FROM audit WHERE kind = 'contacts' AND action = 'import' AND strpos(name, '/') = 0;
INSERT INTO audit_account SELECT split_part(name, '/', 1), number FROM audit
  WHERE kind IN ('contacts', 'groups', 'templates') AND action <> 'import' AND length(name) - length(replace(name, '/', '')) = 1;
