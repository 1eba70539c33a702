-- By this the changes of one thing are found, and since when an account has its name (docs/store.md).
CREATE INDEX audit_name ON audit(name, number);
