-- What was decided about a server, since when (the time is in the number), and whether others see only part of its name.
ALTER TABLE peer ADD COLUMN decision_id BIGINT;
ALTER TABLE peer ADD COLUMN obfuscate SMALLINT NOT NULL DEFAULT 0;
UPDATE peer SET decision_id = first_seen_at * 65536 WHERE policy <> '';

-- What the suspension of a server (cut: of which one) has cut for a member; the ties themselves stay, and work again when
-- it is taken back. A notification of the kind severed_relationships has its id as report_id.
CREATE TABLE severance (
  id BIGINT PRIMARY KEY,
  cut_id BIGINT NOT NULL,
  owner_id BIGINT NOT NULL,
  host TEXT NOT NULL,
  following INTEGER NOT NULL,
  followers INTEGER NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (cut_id, owner_id)
);
CREATE INDEX severance_owner ON severance (owner_id, id);
