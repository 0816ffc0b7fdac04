-- Who looks after a group from another server and comes to its pages: links that were sent to them, and their browsers.
CREATE TABLE guest (
  id INTEGER PRIMARY KEY,
  token_hash BLOB NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  group_id INTEGER NOT NULL REFERENCES groups (id),
  actor_id INTEGER NOT NULL REFERENCES actor (id),
  csrf TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX guest_actor ON guest (actor_id, kind, created_at);
