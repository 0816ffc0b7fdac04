-- Who looks after a group from another server and comes to its pages: links that were sent to them, and their browsers.
CREATE TABLE guest (
  id BIGINT PRIMARY KEY,
  token_hash BLOB NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  group_id BIGINT NOT NULL REFERENCES groups (id),
  actor_id BIGINT NOT NULL REFERENCES actor (id),
  csrf TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX guest_actor ON guest (actor_id, kind, created_at);
