-- Reports as cases: whom the reporter wants to know of them (those who look after the group, the admins here, the server
-- of who is reported), which rules are broken (JSON: [{"group", "number", "text"}]), who works on them and how it ended.
-- assigned and closed_by are ids of actors, wherever they live; '' for nobody.
ALTER TABLE report ADD COLUMN for_group SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN for_admins SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE report ADD COLUMN forwarded SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN rules TEXT NOT NULL DEFAULT '[]';
ALTER TABLE report ADD COLUMN assigned TEXT NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN answer TEXT NOT NULL DEFAULT '';
CREATE INDEX report_group ON report (group_id, state, id);
CREATE INDEX report_target ON report (target_id, id);

-- What those who work on a report tell each other; nobody else reads it.
CREATE TABLE report_note (
  id INTEGER PRIMARY KEY,
  report_id INTEGER NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX report_note_report ON report_note (report_id, id);
