-- What was done for a group is added to its log and never changed (attack GRP-10).
CREATE FUNCTION act_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log of a group is append-only';
END
$$;
CREATE TRIGGER act_is_not_changed BEFORE UPDATE OR DELETE ON act
  FOR EACH ROW EXECUTE FUNCTION act_is_append_only();
