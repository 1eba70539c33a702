-- All tables on PostgreSQL, as SQLite has them after its migration 14, but for the journal and the index in runs, of which
-- PostgreSQL needs neither: docs/store.md. Numbers are BIGINT, texts are compared octet by octet, nothing else is used.

-- Written once, when a message is accepted. Partitions, a day each, are made and dropped by the program (postgres_partition.go).
CREATE TABLE message (
  id        BIGINT PRIMARY KEY,
  account   TEXT COLLATE "C" NOT NULL,
  sender    TEXT COLLATE "C" NOT NULL,
  recipient TEXT COLLATE "C" NOT NULL,
  reference TEXT COLLATE "C",
  text      TEXT COLLATE "C",   -- NULL once erased, and for binary messages
  data      BYTEA,              -- octets and user data header of the customer, NULL if none
  link      TEXT COLLATE "C",   -- first candidate; the others stand in fixed
  via       BIGINT NOT NULL,
  parts     BIGINT NOT NULL,
  price     BIGINT NOT NULL,    -- micro-units
  expires   BIGINT NOT NULL,
  fixed     BYTEA NOT NULL      -- the rest that never changes
) PARTITION BY RANGE (id);
CREATE INDEX message_recipient ON message(recipient, id);
CREATE INDEX message_reference ON message(reference, id) WHERE reference IS NOT NULL;
CREATE TABLE message_rest PARTITION OF message DEFAULT;

-- Written with the message and at each step of its life.
CREATE TABLE progress (
  id    BIGINT PRIMARY KEY,
  state BIGINT NOT NULL,
  owed  BIGINT NOT NULL,
  final BIGINT NOT NULL,
  log   BYTEA NOT NULL
) PARTITION BY RANGE (id);
CREATE TABLE progress_rest PARTITION OF progress DEFAULT WITH (fillfactor = 60);

CREATE TABLE meta (
  name  TEXT COLLATE "C" PRIMARY KEY,
  value BIGINT NOT NULL
);

-- What a node is responsible for, by its number: every transaction says under which term it holds its share, by which connection it
-- is sent, and its number, by which a commit whose answer was lost is found.
CREATE TABLE share (
  node    BIGINT PRIMARY KEY,
  term    BIGINT NOT NULL DEFAULT 0,
  session BIGINT NOT NULL DEFAULT 0,
  batch   BIGINT NOT NULL DEFAULT 0,
  form    BIGINT NOT NULL DEFAULT 0, -- of the program that took it last: its newest migration
  mark    BIGINT NOT NULL DEFAULT 0 -- open messages of the node up to here stand in a spill table or a grant
) WITH (fillfactor = 10);

CREATE FUNCTION kurir_begin(node_ BIGINT, term_ BIGINT, session_ BIGINT, batch_ BIGINT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN -- nobody may be told before it is safe
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  UPDATE share SET batch = batch_ WHERE node = node_ AND term = term_ AND session = session_ AND batch = batch_ - 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this share is not held under this term any more' USING ERRCODE = 'KU001';
  END IF;
END $$;

-- Names that one node alone may change what they stand for, until when by the database's clock.
CREATE TABLE held_lock (
  name   TEXT COLLATE "C" PRIMARY KEY,
  until  BIGINT NOT NULL,
  holder BIGINT NOT NULL
);

-- Where a blob has octets; SQLite has it by itself.
CREATE FUNCTION instr(haystack BYTEA, needle BYTEA) RETURNS INTEGER LANGUAGE sql IMMUTABLE STRICT AS 'SELECT position($2 IN $1)';

-- Keys by which repetitions of requests are known.
CREATE TABLE idempotency (
  key     BYTEA PRIMARY KEY, -- the hash of account and key
  request BYTEA NOT NULL,    -- the hash of what was asked
  answer  BYTEA NOT NULL,
  expires BIGINT NOT NULL
);
CREATE INDEX idempotency_expires ON idempotency(expires);

CREATE TABLE alarm (
  id       BIGINT PRIMARY KEY,
  kind     TEXT COLLATE "C" NOT NULL,
  subject  TEXT COLLATE "C" NOT NULL,
  text     TEXT COLLATE "C" NOT NULL,
  began    BIGINT NOT NULL,
  raised   BIGINT NOT NULL,
  ended    BIGINT NOT NULL,
  count    BIGINT NOT NULL,
  acked    BIGINT NOT NULL,
  acked_by TEXT COLLATE "C" NOT NULL,
  flags    BIGINT NOT NULL -- 1 its end is said, 2 told, 4 its end is told
);
CREATE TABLE audit (
  number BIGINT PRIMARY KEY,
  at     BIGINT NOT NULL,
  who    TEXT COLLATE "C" NOT NULL,
  kind   TEXT COLLATE "C" NOT NULL,
  name   TEXT COLLATE "C" NOT NULL,
  action TEXT COLLATE "C" NOT NULL,
  fields TEXT COLLATE "C" NOT NULL -- that changed, separated by commas; never values
);
CREATE TABLE balance (
  account  TEXT COLLATE "C" PRIMARY KEY,
  balance  BIGINT NOT NULL,
  charged  BIGINT NOT NULL,
  reserved BIGINT NOT NULL,
  currency TEXT COLLATE "C" NOT NULL
);
CREATE TABLE configuration (
  number BIGINT PRIMARY KEY,
  at     BIGINT NOT NULL,
  text   BYTEA NOT NULL
);
CREATE TABLE contact (
  id         BIGINT PRIMARY KEY,
  account    TEXT COLLATE "C" NOT NULL,
  name       TEXT COLLATE "C" NOT NULL,
  folded     TEXT COLLATE "C" NOT NULL,    -- the name without case and marks, by which it is found and sorted
  mobile     TEXT COLLATE "C" NOT NULL,
  pager      TEXT COLLATE "C" NOT NULL,
  mail       TEXT COLLATE "C" NOT NULL,
  language   TEXT COLLATE "C" NOT NULL,
  fields     TEXT COLLATE "C" NOT NULL,    -- JSON object, or empty
  note       TEXT COLLATE "C" NOT NULL,
  revision   BIGINT NOT NULL, -- number of the last change in audit
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL
);
CREATE INDEX contact_account ON contact(account, id);
CREATE INDEX contact_folded ON contact(account, folded, id);
CREATE INDEX contact_mobile ON contact(account, mobile) WHERE mobile <> '';
CREATE INDEX contact_mail ON contact(account, mail) WHERE mail <> '';
CREATE TABLE counter (
  hour    BIGINT NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  link    TEXT COLLATE "C" NOT NULL,
  what    TEXT COLLATE "C" NOT NULL,
  n       BIGINT NOT NULL,
  PRIMARY KEY (hour, account, link, what)
);
CREATE TABLE dead_letter (
  number  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id      BIGINT NOT NULL,
  inbound BIGINT NOT NULL,
  idx     BIGINT NOT NULL,
  state   BIGINT NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  kind    BIGINT NOT NULL,
  address TEXT COLLATE "C" NOT NULL,
  since   BIGINT NOT NULL, -- it was owed
  at      BIGINT NOT NULL, -- it was given up
  tries   BIGINT NOT NULL,
  code    BIGINT NOT NULL, -- last answer
  text    TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX dead_letter_of ON dead_letter (id, inbound, idx);
CREATE INDEX dead_letter_by ON dead_letter (account, number);
CREATE TABLE due (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  node BIGINT NOT NULL -- whose share it belongs to, as in other tables; -1 is nobody's, for whoever claims it
);
CREATE INDEX due_at ON due(node, at);
CREATE TABLE duplicate (
  key     BIGINT PRIMARY KEY,
  id      BIGINT NOT NULL,
  expires BIGINT NOT NULL
);
CREATE INDEX duplicate_expires ON duplicate(expires);
CREATE TABLE event (
  position BIGINT PRIMARY KEY,
  account  TEXT COLLATE "C" NOT NULL,
  data     BYTEA NOT NULL
);
CREATE INDEX event_of ON event (account, position);
CREATE TABLE event_account (
  account TEXT COLLATE "C" PRIMARY KEY,
  floor   BIGINT NOT NULL,
  used    BIGINT NOT NULL
);
CREATE TABLE granted (
  number  BIGINT PRIMARY KEY,
  link    TEXT COLLATE "C" NOT NULL,
  session BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  ids     BYTEA NOT NULL,
  node    BIGINT NOT NULL
);
CREATE TABLE group_member (
  people_group BIGINT NOT NULL,
  member       BIGINT NOT NULL,
  kind         BIGINT NOT NULL, -- 0 number, 1 contact, 2 group
  PRIMARY KEY (people_group, member)
);
CREATE INDEX group_member_of ON group_member(member) WHERE member < 0;
CREATE TABLE held (
  number   BIGINT PRIMARY KEY,
  received BIGINT NOT NULL,
  report   BYTEA NOT NULL,
  node     BIGINT NOT NULL
);
CREATE TABLE inbound (
  id        BIGINT PRIMARY KEY,
  account   TEXT COLLATE "C" NOT NULL,
  link      TEXT COLLATE "C" NOT NULL,
  sender    TEXT COLLATE "C" NOT NULL,
  recipient TEXT COLLATE "C" NOT NULL,
  text      TEXT COLLATE "C",
  data      BYTEA,
  received  BIGINT NOT NULL,
  parts     BIGINT NOT NULL,
  missing   BIGINT NOT NULL,
  rule      TEXT COLLATE "C" NOT NULL,
  fixed     BYTEA NOT NULL,
  owed      BIGINT NOT NULL,
  log       BYTEA NOT NULL
);
CREATE INDEX inbound_owed ON inbound(id) WHERE owed <> 0;
CREATE TABLE inbound_case (
  id     BIGINT PRIMARY KEY,
  series TEXT COLLATE "C" NOT NULL,
  label  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX inbound_case_label ON inbound_case(label);
CREATE INDEX inbound_case_series ON inbound_case(series, id);
CREATE TABLE inbound_part (
  id       BIGINT PRIMARY KEY,
  key      TEXT COLLATE "C" NOT NULL,
  number   BIGINT NOT NULL,
  total    BIGINT NOT NULL,
  received BIGINT NOT NULL,
  part     BYTEA NOT NULL,
  node     BIGINT NOT NULL
);
CREATE TABLE ledger (
  number   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       BIGINT NOT NULL,
  account  TEXT COLLATE "C" NOT NULL,
  charged  BIGINT NOT NULL,
  reserved BIGINT NOT NULL,
  balance  BIGINT NOT NULL,
  first    BIGINT NOT NULL,
  last     BIGINT NOT NULL
);
CREATE TABLE list_entry (
  list  TEXT COLLATE "C" NOT NULL,
  entry TEXT COLLATE "C" NOT NULL,
  at    BIGINT NOT NULL,
  by    TEXT COLLATE "C" NOT NULL,
  note  TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (list, entry)
);
CREATE TABLE mailing (
  id      BIGINT PRIMARY KEY,
  account TEXT COLLATE "C" NOT NULL,
  by      TEXT COLLATE "C" NOT NULL,
  ended   BIGINT NOT NULL, -- 0 while it runs
  state   TEXT COLLATE "C" NOT NULL,
  request BYTEA,             -- what is to be sent, text included; NULL when it has ended
  counts  BYTEA              -- JSON, of one that has ended
);
CREATE TABLE mail (
  number BIGINT PRIMARY KEY,
  node   BIGINT NOT NULL, -- to whom
  data   BYTEA NOT NULL
);
CREATE TABLE missing (
  node BIGINT NOT NULL,
  at   BIGINT NOT NULL,
  id   BIGINT NOT NULL,
  hop  BIGINT NOT NULL,
  PRIMARY KEY (node, at, id)
);
CREATE TABLE network (
  prefix  TEXT COLLATE "C" PRIMARY KEY,
  code    TEXT COLLATE "C" NOT NULL,
  name    TEXT COLLATE "C" NOT NULL,
  country TEXT COLLATE "C" NOT NULL
);
CREATE TABLE opt_out (
  number  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account TEXT COLLATE "C" NOT NULL,
  phone   TEXT COLLATE "C" NOT NULL,
  opt_in  BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  wrote   TEXT COLLATE "C" NOT NULL,
  text    TEXT COLLATE "C" NOT NULL,
  inbound BIGINT NOT NULL,
  by      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX opt_out_phone ON opt_out(account, phone, number);
CREATE TABLE outstanding (
  key      BIGINT NOT NULL,
  id       BIGINT NOT NULL,
  deadline BIGINT NOT NULL,
  node     BIGINT NOT NULL,
  PRIMARY KEY (key, id)
);
CREATE INDEX outstanding_deadline ON outstanding(node, deadline);
CREATE TABLE owed (
  node    BIGINT NOT NULL,
  queue   TEXT COLLATE "C" NOT NULL,
  due     BIGINT NOT NULL,
  id      BIGINT NOT NULL,
  inbound BIGINT NOT NULL,
  idx     BIGINT NOT NULL,
  PRIMARY KEY (node, queue, due, id, inbound, idx)
);
CREATE INDEX owed_inbound ON owed(id, idx) WHERE inbound = 1;
CREATE TABLE people_group (
  id         BIGINT PRIMARY KEY,
  account    TEXT COLLATE "C" NOT NULL,
  name       TEXT COLLATE "C" NOT NULL,
  folded     TEXT COLLATE "C" NOT NULL,
  note       TEXT COLLATE "C" NOT NULL,
  members    BIGINT NOT NULL,
  gone       BIGINT NOT NULL, -- deleted; its members are being removed in slices
  revision   BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL
);
CREATE INDEX people_group_folded ON people_group(account, folded, id);
CREATE TABLE resource (
  kind       TEXT COLLATE "C" NOT NULL,
  name       TEXT COLLATE "C" NOT NULL,
  position   BIGINT NOT NULL, -- among those of its kind
  body       TEXT COLLATE "C" NOT NULL,    -- JSON
  revision   BIGINT NOT NULL, -- number of the last change in audit
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (kind, name)
);
CREATE TABLE series (
  name   TEXT COLLATE "C" PRIMARY KEY,
  period BIGINT NOT NULL,
  last   BIGINT NOT NULL
);
CREATE TABLE template (
  id         BIGINT PRIMARY KEY,
  account    TEXT COLLATE "C" NOT NULL,
  name       TEXT COLLATE "C" NOT NULL,
  folded     TEXT COLLATE "C" NOT NULL,
  text       TEXT COLLATE "C" NOT NULL,
  texts      TEXT COLLATE "C" NOT NULL, -- JSON object by language, or empty
  note       TEXT COLLATE "C" NOT NULL,
  revision   BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL
);
CREATE INDEX template_folded ON template(account, folded, id);
CREATE TABLE top_up (
  account TEXT COLLATE "C" NOT NULL,
  key     TEXT COLLATE "C" NOT NULL,
  at      BIGINT NOT NULL,
  amount  BIGINT NOT NULL,
  balance BIGINT NOT NULL,
  by      TEXT COLLATE "C" NOT NULL,
  note    TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (account, key)
);
CREATE INDEX top_up_at ON top_up(account, at);
CREATE TABLE waiting (
  node     BIGINT NOT NULL,
  link     TEXT COLLATE "C" NOT NULL,
  priority BIGINT NOT NULL,
  account  TEXT COLLATE "C" NOT NULL,
  id       BIGINT NOT NULL,
  expires  BIGINT NOT NULL,
  PRIMARY KEY (node, link, priority, account, id)
);
CREATE INDEX waiting_expires ON waiting(node, expires);
