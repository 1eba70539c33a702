-- What an alarm says, for other languages than that of text: a key and its values as JSON (alarm.Said); empty for what was raised before.
ALTER TABLE alarm ADD COLUMN said TEXT NOT NULL DEFAULT '';
