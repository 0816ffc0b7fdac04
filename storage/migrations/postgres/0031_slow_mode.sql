-- slow: seconds that pass between two posts of one person, 0 for none.
ALTER TABLE groups ADD COLUMN slow INTEGER NOT NULL DEFAULT 0;
