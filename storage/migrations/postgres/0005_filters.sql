-- What members do not want to meet, the words of posts, custom emojis, what admins tell everybody, and who was here.

-- contexts: a JSON list of home, notifications, public, thread and account. action: warn, hide or blur.
CREATE TABLE filter (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL,
  title TEXT NOT NULL,
  contexts TEXT NOT NULL,
  action TEXT NOT NULL DEFAULT 'warn',
  expires_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX filter_owner ON filter (owner_id);
CREATE TABLE filter_keyword (
  id BIGINT PRIMARY KEY,
  filter_id BIGINT NOT NULL REFERENCES filter (id),
  keyword TEXT NOT NULL,
  whole_word SMALLINT NOT NULL DEFAULT 1
);
CREATE INDEX filter_keyword_filter ON filter_keyword (filter_id);
CREATE TABLE filter_post (
  id BIGINT PRIMARY KEY,
  filter_id BIGINT NOT NULL REFERENCES filter (id),
  post_id BIGINT NOT NULL,
  UNIQUE (filter_id, post_id)
);
CREATE INDEX filter_post_post ON filter_post (post_id);

-- The words of each post as fedcomm/search_words.py cuts them, by its id.
CREATE TABLE post_text (post_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL);
CREATE INDEX post_text_words ON post_text USING gin (words);
INSERT INTO job (id, name, args, key, run_at, created_at)
SELECT 1, 'index_posts', '{"before": 9223372036854775807}', 'index_posts', 0, 0 WHERE EXISTS (SELECT 1 FROM post);

-- Small pictures that texts name as :shortcode:. host '' = ours, whose picture is kept in body.
CREATE TABLE emoji (
  id BIGINT PRIMARY KEY,
  host TEXT NOT NULL,
  shortcode TEXT NOT NULL,
  uri TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT '',
  mime TEXT NOT NULL DEFAULT '',
  body BYTEA,
  category TEXT NOT NULL DEFAULT '',
  in_picker SMALLINT NOT NULL DEFAULT 1,
  updated_at BIGINT NOT NULL,
  UNIQUE (host, shortcode)
);

-- What admins tell everybody here (the client API calls it an announcement). It is shown from shown_at to ended_at.
CREATE TABLE bulletin (
  id BIGINT PRIMARY KEY,
  text TEXT NOT NULL,
  starts_at BIGINT,
  ends_at BIGINT,
  all_day SMALLINT NOT NULL DEFAULT 0,
  shown_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE TABLE bulletin_read (
  bulletin_id BIGINT NOT NULL REFERENCES bulletin (id),
  actor_id BIGINT NOT NULL,
  PRIMARY KEY (bulletin_id, actor_id)
);
CREATE TABLE bulletin_reaction (
  bulletin_id BIGINT NOT NULL REFERENCES bulletin (id),
  name TEXT NOT NULL,
  actor_id BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (bulletin_id, name, actor_id)
);

-- Who was here in which week; week: the Monday it began, in seconds since 1970.
CREATE TABLE active_week (
  week BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  PRIMARY KEY (week, account_id)
);
