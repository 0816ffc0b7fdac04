-- How people come into groups.

-- What is known of requests to join groups of ours besides the follow that waits: what somebody answered to the group's
-- question, and what moderators decided. state: waiting, denied or settled. question_id: the message in which the group
-- asked, once for ever; answer_id: the message that answered.
CREATE TABLE join_request (
  id BIGINT PRIMARY KEY,
  group_id BIGINT NOT NULL REFERENCES groups (id),
  actor_id BIGINT NOT NULL REFERENCES actor (id),
  state TEXT NOT NULL,
  uri TEXT NOT NULL,
  answer TEXT NOT NULL DEFAULT '',
  asked_at BIGINT NOT NULL,
  question_id BIGINT,
  answer_id BIGINT,
  decided_by BIGINT,
  decided_at BIGINT,
  reason TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX join_request_once ON join_request (group_id, actor_id);
CREATE INDEX join_request_state ON join_request (group_id, state, id);
CREATE INDEX join_request_question ON join_request (question_id);
CREATE INDEX join_request_answer ON join_request (answer_id);

-- Who comes into a group without being asked for, whenever they follow it: they said on the page of an invitation who
-- they are elsewhere, or (invite_id missing) moderators let them in whose request they had turned down.
CREATE TABLE admission (
  group_id BIGINT NOT NULL REFERENCES groups (id),
  uri TEXT NOT NULL,
  invite_id BIGINT,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (group_id, uri)
);
CREATE INDEX admission_invite ON admission (invite_id);

-- How often a request of ours to somebody elsewhere was sent again.
ALTER TABLE follow ADD COLUMN tries SMALLINT NOT NULL DEFAULT 0;

CREATE INDEX invite_group ON invite (group_id);
