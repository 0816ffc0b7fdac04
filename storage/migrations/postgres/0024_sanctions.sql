-- Since when pictures of somebody are shown behind a warning, whatever they say of them themselves.
ALTER TABLE actor ADD COLUMN sensitive_at BIGINT;

-- What who looks after this server did about somebody, here or elsewhere. act: note (which the other is not told), warn,
-- freeze, sensitive, limit, suspend, and what takes these back. report_id: of the report that led to it. A notification
-- of the kind moderation_warning has its id as report_id.
CREATE TABLE sanction (
  id BIGINT PRIMARY KEY,
  target_id BIGINT NOT NULL REFERENCES actor (id),
  act TEXT NOT NULL,
  text TEXT NOT NULL,
  made_by TEXT NOT NULL,
  report_id BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX sanction_target ON sanction (target_id, id);
