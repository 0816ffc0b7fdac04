-- What its author calls a thread to which moderators have given another title; '' where they gave it none. NULL: its
-- title is its author's.
ALTER TABLE post ADD COLUMN own_title TEXT;
