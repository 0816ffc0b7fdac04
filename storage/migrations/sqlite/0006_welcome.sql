-- How newcomers come in: what they said yes to, and how a group welcomes each of them once.

-- Who agreed to which version of which rules, and when. group_id 0 = the rules of this server.
CREATE TABLE consent (
  actor_id INTEGER NOT NULL,
  group_id INTEGER NOT NULL,
  version TEXT NOT NULL,
  agreed_at INTEGER NOT NULL,
  PRIMARY KEY (actor_id, group_id, version)
) WITHOUT ROWID;

-- Whom a group of ours has welcomed: each member once, for ever. post_id: the message, missing while it is due;
-- answer_id: the member's first answer to it; shown_id: the post in the thread of newcomers that shows the answer.
CREATE TABLE welcome (
  group_id INTEGER NOT NULL REFERENCES groups (id),
  actor_id INTEGER NOT NULL REFERENCES actor (id),
  due_at INTEGER NOT NULL,
  post_id INTEGER,
  answer_id INTEGER,
  shown_id INTEGER,
  PRIMARY KEY (group_id, actor_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX welcome_post ON welcome (post_id);
CREATE INDEX welcome_answer ON welcome (answer_id);

CREATE INDEX invite_maker ON invite (created_by);
