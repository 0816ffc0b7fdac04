-- A post that moderators took out of a group of ours, whose author may appeal: with the secret that they were sent, once.
-- state: open until they do so, then asked, accepted, rejected. removed_by is the id of the actor who took it out.
CREATE TABLE appeal (
  id BIGINT PRIMARY KEY,
  act_id BIGINT NOT NULL UNIQUE,
  group_id BIGINT NOT NULL,
  post_id BIGINT NOT NULL,
  author_id BIGINT NOT NULL,
  removed_by TEXT NOT NULL,
  secret_hash BYTEA NOT NULL UNIQUE,
  text TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'open',
  ends_at BIGINT NOT NULL,
  asked_at BIGINT,
  decided_by TEXT NOT NULL DEFAULT '',
  decided_at BIGINT,
  reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX appeal_group ON appeal (group_id, state, id);
