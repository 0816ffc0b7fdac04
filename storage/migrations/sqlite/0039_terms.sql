-- Terms of service as they were written, each from when it holds (ms since 1970); '' ends them. None is changed, but those
-- that do not hold yet may be written anew.
CREATE TABLE terms (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  effective_at INTEGER NOT NULL,
  written_at INTEGER NOT NULL
);
CREATE INDEX terms_effective ON terms (effective_at, id);
INSERT INTO terms (id, text, effective_at, written_at)
SELECT changed_at * 65536, json_extract(value, '$'), changed_at, changed_at FROM setting WHERE key = 'terms' AND value <> '""';
