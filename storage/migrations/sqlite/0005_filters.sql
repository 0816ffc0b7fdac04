-- What members do not want to meet, the words of posts, custom emojis, what admins tell everybody, and who was here.

-- contexts: a JSON list of home, notifications, public, thread and account. action: warn, hide or blur.
CREATE TABLE filter (
  id INTEGER PRIMARY KEY,
  owner_id INTEGER NOT NULL,
  title TEXT NOT NULL,
  contexts TEXT NOT NULL,
  action TEXT NOT NULL DEFAULT 'warn',
  expires_at INTEGER,
  created_at INTEGER NOT NULL
);
CREATE INDEX filter_owner ON filter (owner_id);
CREATE TABLE filter_keyword (
  id INTEGER PRIMARY KEY,
  filter_id INTEGER NOT NULL REFERENCES filter (id),
  keyword TEXT NOT NULL,
  whole_word SMALLINT NOT NULL DEFAULT 1
);
CREATE INDEX filter_keyword_filter ON filter_keyword (filter_id);
CREATE TABLE filter_post (
  id INTEGER PRIMARY KEY,
  filter_id INTEGER NOT NULL REFERENCES filter (id),
  post_id INTEGER NOT NULL,
  UNIQUE (filter_id, post_id)
);
CREATE INDEX filter_post_post ON filter_post (post_id);

-- The words of each post as fedcomm/search_words.py cuts them, by its id. `ascii` leaves them as they are.
CREATE VIRTUAL TABLE post_text USING fts5 (words, tokenize = 'ascii');
INSERT INTO job (id, name, args, key, run_at, created_at)
SELECT 1, 'index_posts', '{"before": 9223372036854775807}', 'index_posts', 0, 0 WHERE EXISTS (SELECT 1 FROM post);

-- Small pictures that texts name as :shortcode:. host '' = ours, whose picture is kept in body.
CREATE TABLE emoji (
  id INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  shortcode TEXT NOT NULL,
  uri TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT '',
  mime TEXT NOT NULL DEFAULT '',
  body BLOB,
  category TEXT NOT NULL DEFAULT '',
  in_picker SMALLINT NOT NULL DEFAULT 1,
  updated_at INTEGER NOT NULL,
  UNIQUE (host, shortcode)
);

-- What admins tell everybody here (the client API calls it an announcement). It is shown from shown_at to ended_at.
CREATE TABLE bulletin (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  starts_at INTEGER,
  ends_at INTEGER,
  all_day SMALLINT NOT NULL DEFAULT 0,
  shown_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ended_at INTEGER
);
CREATE TABLE bulletin_read (
  bulletin_id INTEGER NOT NULL REFERENCES bulletin (id),
  actor_id INTEGER NOT NULL,
  PRIMARY KEY (bulletin_id, actor_id)
) WITHOUT ROWID;
CREATE TABLE bulletin_reaction (
  bulletin_id INTEGER NOT NULL REFERENCES bulletin (id),
  name TEXT NOT NULL,
  actor_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (bulletin_id, name, actor_id)
) WITHOUT ROWID;

-- Who was here in which week; week: the Monday it began, in seconds since 1970.
CREATE TABLE active_week (
  week INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  PRIMARY KEY (week, account_id)
) WITHOUT ROWID;
