-- Files that are not taken and not shown, by the SHA-256 of their bytes (64 hexadecimal digits).
CREATE TABLE blocked_file (
  id BIGINT PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  reason TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
-- The digests of what is kept, and for what members send of the file that they sent. NULL until they are known; '' when
-- the file is not there.
ALTER TABLE copy ADD COLUMN digest TEXT;
ALTER TABLE media ADD COLUMN digest TEXT;
ALTER TABLE media ADD COLUMN preview_digest TEXT;
ALTER TABLE media ADD COLUMN received TEXT;
CREATE INDEX copy_digest ON copy (digest);
CREATE INDEX media_digest ON media (digest) WHERE digest IS NOT NULL;
CREATE INDEX media_preview_digest ON media (preview_digest) WHERE preview_digest IS NOT NULL;
CREATE INDEX media_received ON media (received) WHERE received IS NOT NULL;
