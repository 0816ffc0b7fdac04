-- Who had proposed what somebody else took out then, '' for nobody: they decide no appeal against it.
ALTER TABLE appeal ADD COLUMN proposed_by TEXT NOT NULL DEFAULT '';
