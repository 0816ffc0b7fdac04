-- What a moderator would take out of a group and somebody else has to look at: few among all that groups have decided.
CREATE INDEX register_proposed ON register (group_id) WHERE property = 'proposed' AND value IS NOT NULL;
