-- Pictures that members send. origin: remote, upload or profile. state: remote, working, ready, failed, or dropped (not
-- served any more: its post was deleted, and the file goes soon). meta: focus and the size of the preview.
ALTER TABLE media ADD COLUMN preview_mime TEXT NOT NULL DEFAULT '';
CREATE INDEX media_loose ON media (created_at) WHERE post_id IS NULL;
