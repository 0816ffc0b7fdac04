-- Lists of servers to block that admins brought in. state: draft, applying, applied, undoing, undone. The counts are of
-- what the list said when it was read: new, stricter than before, decided already, left out since allowed or ourselves.
CREATE TABLE block_list (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  made_by TEXT NOT NULL,
  state TEXT NOT NULL,
  added INTEGER NOT NULL,
  raised INTEGER NOT NULL,
  present INTEGER NOT NULL,
  left_out INTEGER NOT NULL,
  unread TEXT NOT NULL,
  changed_at INTEGER NOT NULL
);

-- What such a list changes. wanted, and what was decided before (since it was applied), as JSON; cuts: accepted follows
-- between members and that server when the list was read.
CREATE TABLE block_entry (
  list_id INTEGER NOT NULL,
  host TEXT NOT NULL,
  wanted TEXT NOT NULL,
  cuts INTEGER NOT NULL DEFAULT 0,
  before TEXT,
  PRIMARY KEY (list_id, host)
) WITHOUT ROWID;
