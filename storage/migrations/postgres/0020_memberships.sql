-- How members of ours and groups of Mobilizon stand to each other: one row for both, whoever spoke first.

-- state: asked (they want to belong to it), invited, joined, declined (they do not want to), left, or ended (it does not
-- want them, any more). uri: the id of what makes them a member, which is that of their request or of the invitation.
-- by_id: who invited them.
CREATE TABLE membership (
  id BIGINT PRIMARY KEY,
  actor_id BIGINT NOT NULL REFERENCES actor (id),
  group_id BIGINT NOT NULL REFERENCES groups (id),
  state TEXT NOT NULL,
  uri TEXT NOT NULL,
  by_id BIGINT
);
CREATE UNIQUE INDEX membership_once ON membership (actor_id, group_id);
CREATE INDEX membership_uri ON membership (uri);
CREATE INDEX membership_group ON membership (group_id, state);
