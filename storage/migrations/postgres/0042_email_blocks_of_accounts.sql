-- Whose suspension closed an address to who signs up: taken back with it. NULL: an admin did by itself.
ALTER TABLE email_block ADD COLUMN account_id BIGINT;
