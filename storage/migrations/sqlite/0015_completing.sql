-- What is fetched to complete conversations.

-- One row for each group elsewhere whose newest threads were fetched: when that began and ended, how many came, and how much was read.
CREATE TABLE backfill (
  group_id INTEGER PRIMARY KEY,
  begun_at INTEGER NOT NULL,
  ended_at INTEGER,
  threads INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0
);

-- One row for each thread whose missing answers were asked for; found counts those that came since it was begun.
CREATE TABLE completion (
  thread_id INTEGER PRIMARY KEY,
  begun_at INTEGER NOT NULL,
  ended_at INTEGER,
  found INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX completion_begun ON completion (begun_at);

-- What a group is about, in tags without '#', and the languages that are spoken in it.
CREATE TABLE group_topic (
  group_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (group_id, name)
) WITHOUT ROWID;
CREATE INDEX group_topic_name ON group_topic (name, group_id);
CREATE TABLE group_language (
  group_id INTEGER NOT NULL,
  code TEXT NOT NULL,
  PRIMARY KEY (group_id, code)
) WITHOUT ROWID;

-- Whether directories show a group: 1 yes, 0 no; where nobody has said so, public ones yes and private ones no.
ALTER TABLE groups ADD COLUMN listed SMALLINT;
