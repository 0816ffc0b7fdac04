-- Notifications that wait to be let in, pinned posts, muted threads, direct messages, and what a post said before.

-- filtered = 1: waits until its owner lets its actor in. report_id: of an 'admin.report', else 0.
CREATE TABLE notification_with_more (
  id INTEGER PRIMARY KEY,
  owner_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  actor_id INTEGER NOT NULL,
  post_id INTEGER NOT NULL DEFAULT 0,
  report_id INTEGER NOT NULL DEFAULT 0,
  filtered SMALLINT NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  UNIQUE (owner_id, kind, actor_id, post_id, report_id)
);
INSERT INTO notification_with_more (id, owner_id, kind, actor_id, post_id, created_at)
SELECT id, owner_id, kind, actor_id, post_id, created_at FROM notification;
DROP TABLE notification;
ALTER TABLE notification_with_more RENAME TO notification;
CREATE INDEX notification_owner ON notification (owner_id, id);
CREATE INDEX notification_group ON notification (owner_id, kind, post_id, id);
CREATE INDEX notification_filtered ON notification (owner_id, actor_id, id) WHERE filtered = 1;

-- Of whom a member wants to hear: 0 accept, 1 filter, 2 drop. Without a row everything is accepted.
CREATE TABLE notification_policy (
  owner_id INTEGER PRIMARY KEY,
  not_following SMALLINT NOT NULL DEFAULT 0,
  not_followers SMALLINT NOT NULL DEFAULT 0,
  new_accounts SMALLINT NOT NULL DEFAULT 0,
  private_mentions SMALLINT NOT NULL DEFAULT 0
);
-- Whom a member let in, whatever the policy says.
CREATE TABLE notification_permission (
  owner_id INTEGER NOT NULL,
  actor_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (owner_id, actor_id)
) WITHOUT ROWID;

-- What somebody shows on top of their profile.
CREATE TABLE pin (
  actor_id INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (actor_id, post_id)
) WITHOUT ROWID;
CREATE INDEX pin_post ON pin (post_id);
UPDATE actor SET featured = uri || '/featured' WHERE host = '' AND kind = 'Person' AND featured = '';

-- Threads of which a member wants to hear nothing. root_id: the post that began it then; where that is now, it holds.
CREATE TABLE thread_mute (
  owner_id INTEGER NOT NULL,
  root_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (owner_id, root_id)
) WITHOUT ROWID;

-- Threads of direct messages as one of those in them sees them.
CREATE TABLE conversation (
  owner_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  last_post_id INTEGER NOT NULL,
  unread SMALLINT NOT NULL DEFAULT 0,
  PRIMARY KEY (owner_id, thread_id)
) WITHOUT ROWID;
CREATE INDEX conversation_last ON conversation (owner_id, last_post_id);
CREATE INDEX conversation_post ON conversation (last_post_id);
CREATE INDEX post_direct ON post (id) WHERE visibility = 3;
INSERT INTO conversation (owner_id, thread_id, last_post_id)
SELECT party.owner_id, party.thread_id, MAX(party.post_id) FROM (
  SELECT author_id AS owner_id, thread_id, id AS post_id FROM post WHERE visibility = 3 AND deleted_at IS NULL
  UNION ALL SELECT mention.actor_id, post.thread_id, post.id FROM post JOIN mention ON mention.post_id = post.id
  WHERE post.visibility = 3 AND post.deleted_at IS NULL AND mention.addressed = 1
) party WHERE EXISTS (SELECT 1 FROM account WHERE account.actor_id = party.owner_id)
GROUP BY party.owner_id, party.thread_id;

-- Lists in the order of the act.
CREATE INDEX bookmark_order ON bookmark (actor_id, (created_at * 100000 + post_id % 100000));
CREATE INDEX reaction_order ON reaction (actor_id, (created_at * 100000 + post_id % 100000));

-- poll: the answers one could choose then, a JSON list; media: what was attached then, a JSON list of objects.
ALTER TABLE post_revision ADD COLUMN poll TEXT;
ALTER TABLE post_revision ADD COLUMN media TEXT NOT NULL DEFAULT '[]';
