-- least: 3
-- Contacts have several addresses of each kind, and one that is the usual one, as in SQLite's 0027_contact_address.sql.
ALTER TABLE contact ADD COLUMN addresses TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN usual TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE TABLE contact_address (
  contact BIGINT NOT NULL,
  address TEXT COLLATE "C" NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (contact, address)
);
CREATE INDEX contact_address_of ON contact_address(account, address);
