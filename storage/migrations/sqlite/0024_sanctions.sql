-- Since when pictures of somebody are shown behind a warning, whatever they say of them themselves.
ALTER TABLE actor ADD COLUMN sensitive_at INTEGER;

-- What who looks after this server did about somebody, here or elsewhere. act: note (which the other is not told), warn,
-- freeze, sensitive, limit, suspend, and what takes these back. report_id: of the report that led to it. A notification
-- of the kind moderation_warning has its id as report_id.
CREATE TABLE sanction (
  id INTEGER PRIMARY KEY,
  target_id INTEGER NOT NULL REFERENCES actor (id),
  act TEXT NOT NULL,
  text TEXT NOT NULL,
  made_by TEXT NOT NULL,
  report_id INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sanction_target ON sanction (target_id, id);
