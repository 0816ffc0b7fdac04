-- Accounts of ours that are being erased, or were lately: what there was at the beginning, and which activity tells it.
-- noted: each file that was erased stands in erased_file, for a report to an authority.
CREATE TABLE erasure (
  actor_id BIGINT PRIMARY KEY REFERENCES actor (id),
  begun_at BIGINT NOT NULL,
  done_at BIGINT,
  made_by TEXT NOT NULL,
  noted SMALLINT NOT NULL DEFAULT 0,
  posts BIGINT NOT NULL DEFAULT 0,
  files BIGINT NOT NULL DEFAULT 0,
  delete_uri TEXT NOT NULL
);
CREATE INDEX erasure_begun ON erasure (begun_at);

-- post_uri: '' where it hung on no post; the digests are SHA-256, '' where there was no such file.
CREATE TABLE erased_file (
  media_id BIGINT PRIMARY KEY,
  actor_id BIGINT NOT NULL,
  post_uri TEXT NOT NULL,
  mime TEXT NOT NULL,
  size BIGINT NOT NULL,
  digest TEXT NOT NULL,
  preview_digest TEXT NOT NULL,
  erased_at BIGINT NOT NULL
);
CREATE INDEX erased_file_actor ON erased_file (actor_id, media_id);

-- Where somebody followed one of ours until then: they may have posts that are deleted later.
CREATE TABLE parted (
  target_id BIGINT NOT NULL,
  inbox TEXT NOT NULL,
  host TEXT NOT NULL,
  left_at BIGINT NOT NULL,
  PRIMARY KEY (target_id, inbox)
);

-- What members take along: ordered, being made (done of total), or ready under a key in the folder of files.
CREATE TABLE archive (
  actor_id BIGINT PRIMARY KEY REFERENCES actor (id),
  ordered_at BIGINT NOT NULL,
  ready_at BIGINT,
  failed SMALLINT NOT NULL DEFAULT 0,
  done BIGINT NOT NULL DEFAULT 0,
  total BIGINT NOT NULL DEFAULT 0,
  key TEXT,
  size BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX archive_file ON archive (key) WHERE key IS NOT NULL;
