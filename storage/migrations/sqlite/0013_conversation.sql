-- Labels of groups for their threads, and which posts have which.

-- name_key: the name in lower case, letters and digits only, by which a hashtag means it.
CREATE TABLE flair (
  id INTEGER PRIMARY KEY,
  group_id INTEGER NOT NULL REFERENCES groups (id),
  uri TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  text_color TEXT NOT NULL,
  background_color TEXT NOT NULL,
  position SMALLINT NOT NULL,
  UNIQUE (group_id, uri)
);

-- By id, whatever was known of the group when the post came. decided: 1 = its author changes it no more.
CREATE TABLE post_flair (
  uri TEXT NOT NULL,
  post_id INTEGER NOT NULL,
  decided SMALLINT NOT NULL,
  PRIMARY KEY (uri, post_id)
) WITHOUT ROWID;
CREATE INDEX post_flair_post ON post_flair (post_id);

-- Threads that a group shows beside its own: they stay where they began, and are talked about in one place.
CREATE TABLE share (
  group_id INTEGER NOT NULL REFERENCES groups (id),
  post_id INTEGER NOT NULL,
  shared_by INTEGER NOT NULL,
  shared_at INTEGER NOT NULL,
  PRIMARY KEY (group_id, post_id)
) WITHOUT ROWID;
CREATE INDEX share_post ON share (post_id);
CREATE INDEX share_group ON share (group_id, shared_at);
