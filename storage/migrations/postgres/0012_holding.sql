-- Posts that wait before they are in a group.

-- A post for a group of ours by somebody elsewhere, as the activity in which it came. kind: why it waits, as
-- fedcomm/admit.py names it; state: waiting, released or refused. body is let go when that is decided.
CREATE TABLE held (
  id BIGINT PRIMARY KEY,
  group_id BIGINT NOT NULL REFERENCES groups (id),
  actor_id BIGINT NOT NULL REFERENCES actor (id),
  host TEXT NOT NULL,
  post_uri TEXT NOT NULL,
  signer TEXT NOT NULL,
  body BYTEA,
  kind TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',
  held_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX held_post ON held (post_uri, group_id);
CREATE INDEX held_group ON held (group_id, state, id);
CREATE INDEX held_actor ON held (actor_id, group_id);

-- What a group has told whom, once of each kind: the version of the rules with its welcome or since a post waits for
-- consent, or that a post waits for another reason (then without a version). post_id: the message, missing while due.
CREATE TABLE told (
  group_id BIGINT NOT NULL REFERENCES groups (id),
  actor_id BIGINT NOT NULL REFERENCES actor (id),
  kind TEXT NOT NULL,
  version TEXT NOT NULL,
  told_at BIGINT NOT NULL,
  post_id BIGINT,
  PRIMARY KEY (group_id, actor_id, kind, version)
);

-- Whether the group has rules, so that only then anybody asks who agreed to them.
ALTER TABLE groups ADD COLUMN ruled SMALLINT NOT NULL DEFAULT 0;
UPDATE groups SET ruled = 1 WHERE EXISTS
 (SELECT 1 FROM register r WHERE r.group_id = groups.id AND r.property = 'rules' AND r.value IS NOT NULL);
