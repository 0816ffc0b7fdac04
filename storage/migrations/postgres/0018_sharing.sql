-- A thread stands in the lists of each group that shows it: one row of talk for the group it began in, and one for every
-- other. since: the cursor of when it came into the group, made like the id of a post; of what began there its own id.

CREATE TABLE talk_of_groups (
  id BIGINT NOT NULL,
  group_id BIGINT NOT NULL,
  newcomer SMALLINT NOT NULL,
  waiting SMALLINT NOT NULL,
  people INTEGER NOT NULL DEFAULT 0,
  answered_at BIGINT,
  active BIGINT NOT NULL,
  hot BIGINT NOT NULL,
  top BIGINT NOT NULL,
  taken_by BIGINT,
  taken_until BIGINT,
  shared SMALLINT NOT NULL DEFAULT 0,
  since BIGINT NOT NULL,
  PRIMARY KEY (id, group_id)
);

INSERT INTO talk_of_groups (id, group_id, newcomer, waiting, people, answered_at, active, hot, top, taken_by,
 taken_until, since)
SELECT id, group_id, newcomer, waiting, people, answered_at, active, hot, top, taken_by, taken_until, id FROM talk;

INSERT INTO talk_of_groups (id, group_id, newcomer, waiting, people, answered_at, active, hot, top, shared, since)
SELECT post.id, share.group_id, 0, COALESCE(talk.waiting, 0), COALESCE(talk.people, 0), talk.answered_at,
 CASE WHEN talk.active > share.shared_at * 65536 THEN talk.active ELSE share.shared_at * 65536 + post.id % 65536 END,
 COALESCE(talk.hot, post.id), COALESCE(talk.top, post.id / 65536 * 256 + post.id % 256), 1,
 share.shared_at * 65536 + post.id % 65536
FROM share JOIN post ON post.id = share.post_id AND post.deleted_at IS NULL LEFT JOIN talk ON talk.id = post.id
WHERE post.group_id IS NULL OR post.group_id <> share.group_id;

DROP TABLE talk;
ALTER TABLE talk_of_groups RENAME TO talk;
ALTER INDEX talk_of_groups_pkey RENAME TO talk_pkey;

CREATE INDEX talk_active ON talk (group_id, active);
CREATE INDEX talk_hot ON talk (group_id, hot);
CREATE INDEX talk_moving ON talk (hot) WHERE shared = 0;
CREATE INDEX talk_top ON talk (group_id, top, id);
CREATE INDEX talk_waiting ON talk (group_id, id) WHERE waiting = 1;
CREATE INDEX talk_queue ON talk (group_id, (since + (1 - newcomer) * 2305843009213693952)) WHERE waiting = 1;
CREATE INDEX talk_group ON talk (group_id, since);
