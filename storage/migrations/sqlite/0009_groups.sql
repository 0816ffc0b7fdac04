-- What a group decides about itself.

-- visibility: public, members (content is for members only) or local (nothing of it leaves this server).
-- question: what those who ask to join are asked. votes: both, up or none.
-- ladder: 1 = newcomers write with limits on their first day.
-- estranged_at: when a group elsewhere came back after a long silence with other keys; 0 = an admin has recognised it.
-- promotion: how many answers to others an account that promotes owes before each new thread; 0 = none.
ALTER TABLE groups ADD COLUMN visibility TEXT NOT NULL DEFAULT 'public';
ALTER TABLE groups ADD COLUMN question TEXT NOT NULL DEFAULT '';
ALTER TABLE groups ADD COLUMN votes TEXT NOT NULL DEFAULT 'both';
ALTER TABLE groups ADD COLUMN ladder SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN promotion SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN estranged_at INTEGER;
