-- Accounts of ours that are being erased, or were lately: what there was at the beginning, and which activity tells it.
-- noted: each file that was erased stands in erased_file, for a report to an authority.
CREATE TABLE erasure (
  actor_id INTEGER PRIMARY KEY REFERENCES actor (id),
  begun_at INTEGER NOT NULL,
  done_at INTEGER,
  made_by TEXT NOT NULL,
  noted SMALLINT NOT NULL DEFAULT 0,
  posts INTEGER NOT NULL DEFAULT 0,
  files INTEGER NOT NULL DEFAULT 0,
  delete_uri TEXT NOT NULL
);
CREATE INDEX erasure_begun ON erasure (begun_at);

-- post_uri: '' where it hung on no post; the digests are SHA-256, '' where there was no such file.
CREATE TABLE erased_file (
  media_id INTEGER PRIMARY KEY,
  actor_id INTEGER NOT NULL,
  post_uri TEXT NOT NULL,
  mime TEXT NOT NULL,
  size INTEGER NOT NULL,
  digest TEXT NOT NULL,
  preview_digest TEXT NOT NULL,
  erased_at INTEGER NOT NULL
);
CREATE INDEX erased_file_actor ON erased_file (actor_id, media_id);

-- Where somebody followed one of ours until then: they may have posts that are deleted later.
CREATE TABLE parted (
  target_id INTEGER NOT NULL,
  inbox TEXT NOT NULL,
  host TEXT NOT NULL,
  left_at INTEGER NOT NULL,
  PRIMARY KEY (target_id, inbox)
) WITHOUT ROWID;

-- What members take along: ordered, being made (done of total), or ready under a key in the folder of files.
CREATE TABLE archive (
  actor_id INTEGER PRIMARY KEY REFERENCES actor (id),
  ordered_at INTEGER NOT NULL,
  ready_at INTEGER,
  failed SMALLINT NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  key TEXT,
  size INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX archive_file ON archive (key) WHERE key IS NOT NULL;
