-- What waits for an answer, and how high each thread of a group stands among the others.

-- Each thread of a group, by the post that began it. newcomer: 1 = one of the first three posts of its author in a group of
-- ours. waiting: 1 = somebody wrote it, it stands, and nobody but them has said anything. people: how many others answered;
-- programs are not counted. active, hot, top: cursors of three orders, as
-- storage/talks.py makes them. taken_by: who has said that they will answer, until taken_until.
CREATE TABLE talk (
  id INTEGER PRIMARY KEY,
  group_id INTEGER NOT NULL,
  newcomer SMALLINT NOT NULL,
  waiting SMALLINT NOT NULL,
  people INTEGER NOT NULL DEFAULT 0,
  answered_at INTEGER,
  active INTEGER NOT NULL,
  hot INTEGER NOT NULL,
  top INTEGER NOT NULL,
  taken_by INTEGER,
  taken_until INTEGER
);

-- Who answered in a thread besides its author, and when first.
CREATE TABLE talker (
  thread_id INTEGER NOT NULL,
  actor_id INTEGER NOT NULL,
  said_at INTEGER NOT NULL,
  PRIMARY KEY (thread_id, actor_id)
) WITHOUT ROWID;

-- In which posts somebody is new in a group, and who came back to it.
CREATE INDEX post_group_author ON post (group_id, author_id, id) WHERE group_id IS NOT NULL;

INSERT INTO talker (thread_id, actor_id, said_at)
SELECT said.thread_id, said.author_id, MIN(said.id / 65536) FROM post said
JOIN post begun ON begun.id = said.thread_id AND begun.author_id <> said.author_id AND begun.group_id IS NOT NULL
JOIN actor ON actor.id = said.author_id AND actor.bot = 0 AND actor.kind = 'Person'
WHERE said.parent_id IS NOT NULL AND said.group_id IS NOT NULL AND said.visibility <> 3
AND said.deleted_at IS NULL AND said.removed_at IS NULL GROUP BY said.thread_id, said.author_id;

INSERT INTO talk (id, group_id, newcomer, waiting, people, answered_at, active, hot, top)
SELECT told.id, told.group_id, 0, CASE WHEN told.people = 0 AND told.person = 1 AND told.there = 1 THEN 1 ELSE 0 END,
told.people, told.answered_at, told.active, CASE WHEN told.person = 1 OR told.people > 0
THEN (told.id / 65536 + 259200000 * told.people / (told.people + 6)) * 65536 + told.id % 65536 ELSE 0 END,
CASE WHEN told.person = 1 OR told.people > 0 THEN 10 * (CASE WHEN told.people > 800 THEN 800 ELSE told.people END)
* 1125899906842624 + told.id / 65536 * 256 + told.id % 256 ELSE 0 END
FROM (SELECT post.id AS id, post.group_id AS group_id, COUNT(talker.actor_id) AS people,
 MIN(talker.said_at) AS answered_at, CASE WHEN author.bot = 0 AND author.kind = 'Person' THEN 1 ELSE 0 END AS person,
 CASE WHEN post.removed_at IS NULL THEN 1 ELSE 0 END AS there,
 COALESCE(post.last_reply_at, post.id / 65536) * 65536 + post.id % 65536 AS active
 FROM post JOIN actor author ON author.id = post.author_id LEFT JOIN talker ON talker.thread_id = post.id
 WHERE post.group_id IS NOT NULL AND post.parent_id IS NULL AND post.parent_uri IS NULL AND post.deleted_at IS NULL
 GROUP BY post.id, author.id) told;

CREATE INDEX talk_active ON talk (group_id, active);
CREATE INDEX talk_hot ON talk (group_id, hot);
CREATE INDEX talk_moving ON talk (hot);
CREATE INDEX talk_top ON talk (group_id, top, id);
CREATE INDEX talk_waiting ON talk (group_id, id) WHERE waiting = 1;
CREATE INDEX talk_queue ON talk (group_id, (id + (1 - newcomer) * 2305843009213693952)) WHERE waiting = 1;
CREATE INDEX talk_group ON talk (group_id, id);
DROP INDEX post_group_active;

-- Whether a member wants the list of what waits in a group; missing = as it is usual for what they are there.
ALTER TABLE group_list ADD COLUMN queue SMALLINT;

-- What is told of a group as a place where people meet, as JSON, and when that was counted (ms).
CREATE TABLE group_statistics (
  group_id INTEGER PRIMARY KEY,
  counted_at INTEGER NOT NULL,
  figures TEXT NOT NULL
);
