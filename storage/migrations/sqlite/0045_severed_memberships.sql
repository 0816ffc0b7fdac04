-- Of what a suspension cut for a member: how many of those they follow are groups; how often people of that server are
-- in groups that the member looks after; and whether it was erased since (1), so that it does not come back.
-- An empty host is all servers that were not allowed by name when the server began to speak with those alone.
ALTER TABLE severance ADD COLUMN joined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE severance ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
ALTER TABLE severance ADD COLUMN purged SMALLINT NOT NULL DEFAULT 0;
