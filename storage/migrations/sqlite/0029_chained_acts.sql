-- Acts of moderators for groups of this server that are not in the chain of the audit log yet.
CREATE TABLE audit_waiting (
  act_id INTEGER PRIMARY KEY
);
INSERT INTO audit_waiting (act_id)
SELECT act.id FROM act JOIN groups ON groups.id = act.group_id WHERE act.effective = 1 AND groups.local = 1;
CREATE TRIGGER act_is_to_be_chained AFTER INSERT ON act
WHEN NEW.effective = 1 AND EXISTS (SELECT 1 FROM groups WHERE id = NEW.group_id AND local = 1)
BEGIN INSERT INTO audit_waiting (act_id) VALUES (NEW.id); END;
