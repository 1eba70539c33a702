-- Whom accounts write to, and what: contacts, groups of them, templates (docs/people.md). No index is unique, lest one wrong
-- row refuse a whole commit: the gateway changes an account's people one after the other.
CREATE TABLE contact (
  id         INTEGER PRIMARY KEY,
  account    TEXT NOT NULL,
  name       TEXT NOT NULL,
  folded     TEXT NOT NULL,    -- the name without case and marks, by which it is found and sorted
  mobile     TEXT NOT NULL,
  pager      TEXT NOT NULL,
  mail       TEXT NOT NULL,
  language   TEXT NOT NULL,
  fields     TEXT NOT NULL,    -- JSON object, or empty
  note       TEXT NOT NULL,
  revision   INTEGER NOT NULL, -- number of the last change in audit
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL
);
CREATE INDEX contact_account ON contact(account, id);
CREATE INDEX contact_folded ON contact(account, folded, id);
CREATE INDEX contact_mobile ON contact(account, mobile) WHERE mobile <> '';
CREATE INDEX contact_mail ON contact(account, mail) WHERE mail <> '';

CREATE TABLE people_group (
  id         INTEGER PRIMARY KEY,
  account    TEXT NOT NULL,
  name       TEXT NOT NULL,
  folded     TEXT NOT NULL,
  note       TEXT NOT NULL,
  members    INTEGER NOT NULL,
  gone       INTEGER NOT NULL, -- deleted; its members are being removed in slices
  revision   INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL
);
CREATE INDEX people_group_folded ON people_group(account, folded, id);

-- A contact or group as its id below zero, a number as directory.Member.Key makes it.
CREATE TABLE group_member (
  people_group INTEGER NOT NULL,
  member       INTEGER NOT NULL,
  kind         INTEGER NOT NULL, -- 0 number, 1 contact, 2 group
  PRIMARY KEY (people_group, member)
) WITHOUT ROWID;
CREATE INDEX group_member_of ON group_member(member) WHERE member < 0;

CREATE TABLE template (
  id         INTEGER PRIMARY KEY,
  account    TEXT NOT NULL,
  name       TEXT NOT NULL,
  folded     TEXT NOT NULL,
  text       TEXT NOT NULL,
  texts      TEXT NOT NULL, -- JSON object by language, or empty
  note       TEXT NOT NULL,
  revision   INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL
);
CREATE INDEX template_folded ON template(account, folded, id);
