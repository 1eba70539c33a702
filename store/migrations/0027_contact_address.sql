-- Contacts have several addresses of each kind, and one that is the usual one (docs/people.md).
ALTER TABLE contact ADD COLUMN addresses TEXT NOT NULL DEFAULT ''; -- those beside the first of each kind, as JSON; empty for none
ALTER TABLE contact ADD COLUMN usual TEXT NOT NULL DEFAULT ''; -- one of the addresses, or a kind; empty: as it always was

-- By which further addresses contacts are found.
CREATE TABLE contact_address (
  contact INTEGER NOT NULL,
  address TEXT NOT NULL,
  account TEXT NOT NULL, -- the book, as in contact
  PRIMARY KEY (contact, address)
) WITHOUT ROWID;
CREATE INDEX contact_address_of ON contact_address(account, address);
