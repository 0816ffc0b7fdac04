-- What people keep to themselves about others: mutes, lists, notes, tags they follow; and what they show of themselves.

-- Somebody does not want to read another: until expires_at (ms), or for good. notifications: not be told of them either.
CREATE TABLE mute (
  actor_id BIGINT NOT NULL,
  target_id BIGINT NOT NULL,
  notifications SMALLINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (actor_id, target_id)
);
CREATE INDEX mute_target ON mute (target_id);

-- Servers of which a member wants to read nothing.
CREATE TABLE domain_block (
  actor_id BIGINT NOT NULL,
  host TEXT NOT NULL,
  id BIGINT NOT NULL,
  PRIMARY KEY (actor_id, host)
);

-- What somebody wrote about another, for themselves.
CREATE TABLE note (
  actor_id BIGINT NOT NULL,
  target_id BIGINT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (actor_id, target_id)
);
CREATE INDEX note_target ON note (target_id);

-- People and tags that somebody shows on their profile.
CREATE TABLE endorsement (
  id BIGINT PRIMARY KEY,
  actor_id BIGINT NOT NULL,
  target_id BIGINT NOT NULL,
  UNIQUE (actor_id, target_id)
);
CREATE INDEX endorsement_target ON endorsement (target_id);
CREATE TABLE featured_tag (
  id BIGINT PRIMARY KEY,
  actor_id BIGINT NOT NULL,
  tag_id BIGINT NOT NULL,
  UNIQUE (actor_id, tag_id)
);

-- Tags whose public posts come into somebody's home.
CREATE TABLE tag_follow (
  id BIGINT PRIMARY KEY,
  actor_id BIGINT NOT NULL,
  tag_id BIGINT NOT NULL,
  UNIQUE (actor_id, tag_id)
);
CREATE INDEX tag_follow_tag ON tag_follow (tag_id);

-- replies_policy: followed, list or none. exclusive: who is in it is kept out of home.
CREATE TABLE list (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL,
  title TEXT NOT NULL,
  replies_policy TEXT NOT NULL DEFAULT 'list',
  exclusive SMALLINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);
CREATE INDEX list_owner ON list (owner_id);
CREATE TABLE list_entry (
  list_id BIGINT NOT NULL REFERENCES list (id),
  actor_id BIGINT NOT NULL,
  PRIMARY KEY (list_id, actor_id)
);
CREATE INDEX list_entry_actor ON list_entry (actor_id);

-- How a member wants the list of a group they are in: title '' = the group's name; sort: new or active.
CREATE TABLE group_list (
  owner_id BIGINT NOT NULL,
  face_id BIGINT NOT NULL,
  title TEXT NOT NULL DEFAULT '',
  sort TEXT NOT NULL DEFAULT 'new',
  hidden SMALLINT NOT NULL DEFAULT 0,
  PRIMARY KEY (owner_id, face_id)
);

-- Whom somebody does not want to be suggested again.
CREATE TABLE dismissed_suggestion (
  actor_id BIGINT NOT NULL,
  target_id BIGINT NOT NULL,
  PRIMARY KEY (actor_id, target_id)
);

-- Languages of a followed person that come into home, as ' de en '; '' = all.
ALTER TABLE follow ADD COLUMN languages TEXT NOT NULL DEFAULT '';

-- Threads of a group in the order of what was said last.
CREATE INDEX post_group_active ON post (group_id, (COALESCE(last_reply_at, published) * 65536 + id % 65536))
  WHERE group_id IS NOT NULL AND parent_id IS NULL AND parent_uri IS NULL;

-- Whom somebody follows and who follows them is their own affair.
ALTER TABLE actor ADD COLUMN hide_collections SMALLINT NOT NULL DEFAULT 0;
CREATE INDEX actor_directory ON actor (last_post_at) WHERE discoverable = 1;
