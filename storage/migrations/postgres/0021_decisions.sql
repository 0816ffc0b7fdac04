-- What was decided about a server, since when (the time is in the number), and whether others see only part of its name.
ALTER TABLE peer ADD COLUMN decision_id BIGINT;
ALTER TABLE peer ADD COLUMN obfuscate SMALLINT NOT NULL DEFAULT 0;
UPDATE peer SET decision_id = first_seen_at * 65536 WHERE policy <> '';
