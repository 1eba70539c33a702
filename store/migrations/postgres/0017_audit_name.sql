-- least: 3
-- By this the changes of one thing are found, as in SQLite's 0030_audit_name.sql.
CREATE INDEX audit_name ON audit(name, number);
