-- Acts of moderators for groups of this server that are not in the chain of the audit log yet.
CREATE TABLE audit_waiting (
  act_id BIGINT PRIMARY KEY
);
INSERT INTO audit_waiting (act_id)
SELECT act.id FROM act JOIN groups ON groups.id = act.group_id WHERE act.effective = 1 AND groups.local = 1;
CREATE FUNCTION act_waits_for_the_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_waiting (act_id) SELECT NEW.id FROM groups WHERE id = NEW.group_id AND local = 1;
  RETURN NULL;
END
$$;
CREATE TRIGGER act_is_to_be_chained AFTER INSERT ON act
  FOR EACH ROW WHEN (NEW.effective = 1) EXECUTE FUNCTION act_waits_for_the_chain();
