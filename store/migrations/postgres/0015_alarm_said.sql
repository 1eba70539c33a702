-- least: 3
-- What an alarm says, for other languages than that of text, as in SQLite's 0028_alarm_said.sql.
ALTER TABLE alarm ADD COLUMN said TEXT COLLATE "C" NOT NULL DEFAULT '';
