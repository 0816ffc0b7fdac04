-- Pictures that members send. origin: remote, upload or profile. state: remote, working, ready, failed, or dropped (not
-- served any more: its post was deleted, and the file goes soon). meta: focus and the size of the preview.
ALTER TABLE media ADD COLUMN preview_mime TEXT NOT NULL DEFAULT '';

-- Copies of pictures that other servers have, by their address there. Without a key it could not be had at tried_at.
CREATE TABLE copy (
  url TEXT PRIMARY KEY,
  key TEXT UNIQUE,
  mime TEXT NOT NULL,
  size BIGINT NOT NULL,
  tried_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL
);
CREATE INDEX copy_used ON copy (used_at);
CREATE INDEX media_loose ON media (created_at) WHERE post_id IS NULL;
