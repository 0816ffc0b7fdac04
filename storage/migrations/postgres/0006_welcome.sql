-- How newcomers come in: what they said yes to, and how a group welcomes each of them once.

-- Who agreed to which version of which rules, and when. group_id 0 = the rules of this server.
CREATE TABLE consent (
  actor_id BIGINT NOT NULL,
  group_id BIGINT NOT NULL,
  version TEXT NOT NULL,
  agreed_at BIGINT NOT NULL,
  PRIMARY KEY (actor_id, group_id, version)
);

-- Whom a group of ours has welcomed: each member once, for ever. post_id: the message, missing while it is due;
-- answer_id: the member's first answer to it; shown_id: the post in the thread of newcomers that shows the answer.
CREATE TABLE welcome (
  group_id BIGINT NOT NULL REFERENCES groups (id),
  actor_id BIGINT NOT NULL REFERENCES actor (id),
  due_at BIGINT NOT NULL,
  post_id BIGINT,
  answer_id BIGINT,
  shown_id BIGINT,
  PRIMARY KEY (group_id, actor_id)
);
CREATE UNIQUE INDEX welcome_post ON welcome (post_id);
CREATE INDEX welcome_answer ON welcome (answer_id);

CREATE INDEX invite_maker ON invite (created_by);
