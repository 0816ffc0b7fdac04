-- What a copy of a picture of another server is (storage/copies.py, KINDS), and of whose server; '' of those copied
-- before this was noted, until somebody looks at them.
ALTER TABLE copy ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE copy ADD COLUMN host TEXT NOT NULL DEFAULT '';
CREATE INDEX copy_size ON copy (size);  -- how much all take is asked for with each that is kept
