-- Networks by the beginning of numbers that came over REST; those of a file stand in the file.
CREATE TABLE network (
  prefix  TEXT PRIMARY KEY,
  code    TEXT NOT NULL,
  name    TEXT NOT NULL,
  country TEXT NOT NULL
) WITHOUT ROWID;
