-- What was done for a group is added to its log and never changed (attack GRP-10).
CREATE TRIGGER act_is_not_changed BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'the log of a group is append-only'); END;
CREATE TRIGGER act_is_not_deleted BEFORE DELETE ON act BEGIN SELECT RAISE(ABORT, 'the log of a group is append-only'); END;
