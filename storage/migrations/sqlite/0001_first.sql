-- The first schema. Times are milliseconds since 1970, flags 0 or 1, JSON is opaque text, ids are made by storage/ids.py.

-- What the database knows about itself: base_url, generation, id_floor, fold_version.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Which process makes ids with which slot (several processes on one PostgreSQL).
CREATE TABLE process_slot (slot SMALLINT PRIMARY KEY, owner TEXT NOT NULL, seen_at INTEGER NOT NULL);

-- Rights that one process at a time has.
CREATE TABLE lease (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL);

-- What an admin changes while the server runs.
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL, changed_at INTEGER NOT NULL) WITHOUT ROWID;

-- Other servers. policy: what was decided for this one; holds: that, or what was decided for the domain above it.
-- cursor: everything in the outbox up to this seq is settled for this peer.
CREATE TABLE peer (
  host TEXT PRIMARY KEY,
  policy TEXT NOT NULL DEFAULT '',
  holds TEXT NOT NULL DEFAULT '',
  reject_media SMALLINT NOT NULL DEFAULT 0,
  reject_reports SMALLINT NOT NULL DEFAULT 0,
  public_comment TEXT NOT NULL DEFAULT '',
  private_comment TEXT NOT NULL DEFAULT '',
  software TEXT NOT NULL DEFAULT '',
  software_version TEXT NOT NULL DEFAULT '',
  family TEXT NOT NULL DEFAULT '',
  software_checked_at INTEGER,
  scheme TEXT NOT NULL DEFAULT 'cavage',
  cursor INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  failing_since INTEGER,
  next_attempt_at INTEGER,
  last_error TEXT NOT NULL DEFAULT '',
  first_seen_at INTEGER NOT NULL,
  last_in_at INTEGER,
  last_out_at INTEGER
);
CREATE INDEX peer_policy ON peer (policy) WHERE policy <> '';

-- Inboxes that said 404 or 410; retired_at is set after the second answer a day apart.
CREATE TABLE retired_inbox (
  inbox TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  first_refused_at INTEGER NOT NULL,
  last_refused_at INTEGER NOT NULL,
  retired_at INTEGER
);

-- Whoever acts. host '' = ours. A deleted actor keeps its row: the name is never given again.
CREATE TABLE actor (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  host TEXT NOT NULL,
  username TEXT NOT NULL,
  username_key TEXT NOT NULL,
  handle_verified SMALLINT NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  summary TEXT NOT NULL DEFAULT '',
  summary_source TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT '',
  inbox TEXT NOT NULL DEFAULT '',
  shared_inbox TEXT NOT NULL DEFAULT '',
  outbox TEXT NOT NULL DEFAULT '',
  followers TEXT NOT NULL DEFAULT '',
  following TEXT NOT NULL DEFAULT '',
  featured TEXT NOT NULL DEFAULT '',
  moderators TEXT NOT NULL DEFAULT '',
  icon TEXT NOT NULL DEFAULT '',
  image TEXT NOT NULL DEFAULT '',
  icon_media_id INTEGER,
  image_media_id INTEGER,
  fields TEXT NOT NULL DEFAULT '[]',
  also_known_as TEXT NOT NULL DEFAULT '[]',
  moved_to_id INTEGER,
  moved_at INTEGER, -- the last time; stays when it is undone
  locked SMALLINT NOT NULL DEFAULT 0,
  bot SMALLINT NOT NULL DEFAULT 0,
  discoverable SMALLINT NOT NULL DEFAULT 0,
  indexable SMALLINT NOT NULL DEFAULT 0,
  followers_count INTEGER NOT NULL DEFAULT 0,
  following_count INTEGER NOT NULL DEFAULT 0,
  posts_count INTEGER NOT NULL DEFAULT 0,
  last_post_at INTEGER,
  published INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  fetched_at INTEGER,
  limited_at INTEGER,
  suspended_at INTEGER,
  deleted_at INTEGER
);
CREATE UNIQUE INDEX actor_local_name ON actor (username_key) WHERE host = '';
CREATE INDEX actor_handle ON actor (username_key, host);
CREATE INDEX actor_host ON actor (host);

-- Public keys of everybody; private keys (DER) only of ours.
CREATE TABLE actor_key (
  key_id TEXT PRIMARY KEY,
  actor_id INTEGER NOT NULL REFERENCES actor (id),
  algorithm TEXT NOT NULL,
  public_der BLOB NOT NULL,
  private_der BLOB,
  fetched_at INTEGER NOT NULL,
  expires_at INTEGER
);
CREATE INDEX actor_key_actor ON actor_key (actor_id);

-- Who can sign in here.
CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  actor_id INTEGER NOT NULL UNIQUE REFERENCES actor (id),
  email TEXT NOT NULL DEFAULT '',
  email_key TEXT UNIQUE,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL DEFAULT 'member',
  state TEXT NOT NULL DEFAULT 'pending',
  language TEXT NOT NULL DEFAULT '',
  time_zone TEXT NOT NULL DEFAULT '',
  preferences TEXT NOT NULL DEFAULT '{}',
  reason TEXT NOT NULL DEFAULT '',
  invite_id INTEGER,
  created_at INTEGER NOT NULL,
  approved_at INTEGER,
  last_active_at INTEGER
);

CREATE TABLE invite (
  id INTEGER PRIMARY KEY,
  token_hash BLOB NOT NULL UNIQUE,
  created_by INTEGER,
  role TEXT NOT NULL DEFAULT 'member',
  group_id INTEGER,
  uses INTEGER NOT NULL DEFAULT 0,
  max_uses INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
);

CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  token_hash BLOB NOT NULL UNIQUE,
  account_id INTEGER NOT NULL REFERENCES account (id),
  csrf TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  user_agent TEXT NOT NULL DEFAULT ''
);
CREATE INDEX session_account ON session (account_id);

CREATE TABLE oauth_app (
  id INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL UNIQUE,
  secret_hash BLOB NOT NULL,
  name TEXT NOT NULL,
  website TEXT,
  redirect_uris TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE TABLE oauth_code (
  code_hash BLOB PRIMARY KEY,
  app_id INTEGER NOT NULL REFERENCES oauth_app (id),
  account_id INTEGER NOT NULL REFERENCES account (id),
  redirect_uri TEXT NOT NULL,
  scopes TEXT NOT NULL,
  challenge TEXT NOT NULL DEFAULT '',
  expires_at INTEGER NOT NULL,
  used_at INTEGER
);
CREATE TABLE oauth_token (
  id INTEGER PRIMARY KEY,
  token_hash BLOB NOT NULL UNIQUE,
  app_id INTEGER REFERENCES oauth_app (id),
  account_id INTEGER REFERENCES account (id),
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  revoked_at INTEGER
);
CREATE INDEX oauth_token_account ON oauth_token (account_id);

-- state: pending, accepted. A follow of a group is what other servers see of a membership.
CREATE TABLE follow (
  id INTEGER PRIMARY KEY,
  follower_id INTEGER NOT NULL REFERENCES actor (id),
  target_id INTEGER NOT NULL REFERENCES actor (id),
  state TEXT NOT NULL,
  uri TEXT NOT NULL,
  reblogs SMALLINT NOT NULL DEFAULT 1,
  notify SMALLINT NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  accepted_at INTEGER,
  UNIQUE (follower_id, target_id)
);
CREATE INDEX follow_target ON follow (target_id, state, follower_id);
CREATE INDEX follow_uri ON follow (uri);

CREATE TABLE block (
  actor_id INTEGER NOT NULL REFERENCES actor (id),
  target_id INTEGER NOT NULL REFERENCES actor (id),
  uri TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (actor_id, target_id)
) WITHOUT ROWID;
CREATE INDEX block_target ON block (target_id);

-- A group is this row; what the world calls it are its faces.
CREATE TABLE groups (
  id INTEGER PRIMARY KEY,
  actor_id INTEGER NOT NULL UNIQUE REFERENCES actor (id),
  local SMALLINT NOT NULL,
  genesis TEXT,
  join_mode TEXT NOT NULL DEFAULT 'open',
  posting TEXT NOT NULL DEFAULT 'anyone',
  fold_version INTEGER NOT NULL DEFAULT 1,
  members_count INTEGER NOT NULL DEFAULT 0,
  threads_count INTEGER NOT NULL DEFAULT 0,
  last_active_at INTEGER,
  created_by INTEGER,
  created_at INTEGER NOT NULL,
  closed_at INTEGER
);
CREATE TABLE face_alias (
  url TEXT PRIMARY KEY,
  group_id INTEGER NOT NULL REFERENCES groups (id),
  status TEXT NOT NULL
);
CREATE INDEX face_alias_group ON face_alias (group_id);

CREATE TABLE member (
  group_id INTEGER NOT NULL REFERENCES groups (id),
  actor_id INTEGER NOT NULL REFERENCES actor (id),
  state TEXT NOT NULL,
  home_host TEXT NOT NULL,
  joined_at INTEGER NOT NULL,
  left_at INTEGER,
  PRIMARY KEY (group_id, actor_id)
) WITHOUT ROWID;
CREATE INDEX member_actor ON member (actor_id, state);

-- Every act of those who run a group, whoever and wherever they are: the moderation log.
CREATE TABLE act (
  id INTEGER PRIMARY KEY,
  group_id INTEGER NOT NULL REFERENCES groups (id),
  property TEXT NOT NULL,
  subject TEXT NOT NULL,
  value TEXT,
  clock TEXT NOT NULL,
  actor_uri TEXT NOT NULL,
  face TEXT NOT NULL,
  uri TEXT NOT NULL,
  undoes TEXT,
  summary TEXT NOT NULL DEFAULT '',
  effective SMALLINT NOT NULL DEFAULT 1,
  recorded_at INTEGER NOT NULL
);
CREATE INDEX act_group ON act (group_id, id);
CREATE UNIQUE INDEX act_once ON act (group_id, uri, property, subject);
-- The winning write of each (property, subject): highest (clock, face, uri).
CREATE TABLE register (
  group_id INTEGER NOT NULL REFERENCES groups (id),
  property TEXT NOT NULL,
  subject TEXT NOT NULL,
  value TEXT,
  clock TEXT NOT NULL,
  face TEXT NOT NULL,
  uri TEXT NOT NULL,
  act_id INTEGER NOT NULL,
  PRIMARY KEY (group_id, property, subject)
) WITHOUT ROWID;
CREATE INDEX register_subject ON register (subject, property);

-- visibility: 0 public, 1 unlisted, 2 followers, 3 direct. thread_id: the post that began it (itself for a starter).
-- truth: home, signed, proof, fetched or attested; entered_by: the host through which it came.
-- author_updated: the author's own word; edited_at: when we changed our copy.
CREATE TABLE post (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL,
  local SMALLINT NOT NULL,
  author_id INTEGER NOT NULL REFERENCES actor (id),
  group_id INTEGER REFERENCES groups (id),
  parent_id INTEGER,
  parent_uri TEXT,
  thread_id INTEGER NOT NULL,
  context TEXT NOT NULL DEFAULT '',
  title TEXT NOT NULL DEFAULT '',
  content TEXT NOT NULL DEFAULT '',
  source TEXT NOT NULL DEFAULT '',
  summary TEXT NOT NULL DEFAULT '',
  sensitive SMALLINT NOT NULL DEFAULT 0,
  language TEXT NOT NULL DEFAULT '',
  visibility SMALLINT NOT NULL,
  published INTEGER NOT NULL,
  author_updated INTEGER,
  edited_at INTEGER,
  received_at INTEGER NOT NULL,
  create_uri TEXT NOT NULL DEFAULT '',
  truth TEXT NOT NULL,
  entered_by TEXT NOT NULL DEFAULT '',
  app_id INTEGER,
  removed_at INTEGER,
  deleted_at INTEGER,
  locked SMALLINT NOT NULL DEFAULT 0,
  attachments_count INTEGER NOT NULL DEFAULT 0,
  replies_count INTEGER NOT NULL DEFAULT 0,
  boosts_count INTEGER NOT NULL DEFAULT 0,
  likes_count INTEGER NOT NULL DEFAULT 0,
  dislikes_count INTEGER NOT NULL DEFAULT 0,
  last_reply_at INTEGER
);
CREATE INDEX post_author ON post (author_id, id);
CREATE INDEX post_thread ON post (thread_id, id);
CREATE INDEX post_parent ON post (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX post_orphan ON post (parent_uri) WHERE parent_uri IS NOT NULL AND parent_id IS NULL;
CREATE INDEX post_group ON post (group_id, id) WHERE group_id IS NOT NULL;
CREATE INDEX post_public ON post (id) WHERE visibility = 0 AND parent_id IS NULL;
CREATE INDEX post_local ON post (id) WHERE local = 1 AND visibility = 0;

CREATE TABLE post_revision (
  post_id INTEGER NOT NULL REFERENCES post (id),
  number INTEGER NOT NULL,
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  source TEXT NOT NULL,
  summary TEXT NOT NULL,
  sensitive SMALLINT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (post_id, number)
) WITHOUT ROWID;

-- Everybody a post names; addressed = 1 when it is also sent to them.
CREATE TABLE mention (
  post_id INTEGER NOT NULL,
  actor_id INTEGER NOT NULL,
  addressed SMALLINT NOT NULL DEFAULT 1,
  PRIMARY KEY (post_id, actor_id)
) WITHOUT ROWID;
CREATE INDEX mention_actor ON mention (actor_id, post_id);

CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE post_tag (
  tag_id INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  PRIMARY KEY (tag_id, post_id)
) WITHOUT ROWID;
CREATE INDEX post_tag_post ON post_tag (post_id);

CREATE TABLE media (
  id INTEGER PRIMARY KEY,
  owner_id INTEGER NOT NULL,
  post_id INTEGER,
  position SMALLINT NOT NULL DEFAULT 0,
  kind TEXT NOT NULL,
  mime TEXT NOT NULL DEFAULT '',
  size INTEGER NOT NULL DEFAULT 0,
  origin TEXT NOT NULL,
  remote_url TEXT NOT NULL DEFAULT '',
  key TEXT UNIQUE,
  preview_key TEXT UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  blurhash TEXT NOT NULL DEFAULT '',
  width INTEGER,
  height INTEGER,
  meta TEXT NOT NULL DEFAULT '{}',
  state TEXT NOT NULL DEFAULT 'ready',
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
);
CREATE INDEX media_post ON media (post_id, position) WHERE post_id IS NOT NULL;
CREATE INDEX media_owner ON media (owner_id, id);
CREATE INDEX media_use ON media (origin, last_used_at);

CREATE TABLE poll (
  post_id INTEGER PRIMARY KEY,
  multiple SMALLINT NOT NULL,
  options TEXT NOT NULL,
  votes TEXT NOT NULL,
  voters_count INTEGER NOT NULL DEFAULT 0,
  ends_at INTEGER,
  closed_at INTEGER
);
CREATE TABLE poll_vote (
  post_id INTEGER NOT NULL,
  actor_id INTEGER NOT NULL,
  choice SMALLINT NOT NULL,
  uri TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (post_id, actor_id, choice)
) WITHOUT ROWID;

-- One vote a person and post: the last writer wins. kind: like, dislike.
CREATE TABLE reaction (
  post_id INTEGER NOT NULL,
  actor_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  uri TEXT NOT NULL,
  truth TEXT NOT NULL,
  entered_by TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  PRIMARY KEY (post_id, actor_id)
) WITHOUT ROWID;
CREATE INDEX reaction_actor ON reaction (actor_id, created_at);
CREATE INDEX reaction_uri ON reaction (uri);

CREATE TABLE boost (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  actor_id INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  visibility SMALLINT NOT NULL DEFAULT 0,
  published INTEGER NOT NULL,
  UNIQUE (actor_id, post_id)
);
CREATE INDEX boost_actor ON boost (actor_id, id);
CREATE INDEX boost_post ON boost (post_id);

CREATE TABLE bookmark (
  actor_id INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (actor_id, post_id)
) WITHOUT ROWID;

-- How far somebody has read.
CREATE TABLE marker (
  account_id INTEGER NOT NULL,
  timeline TEXT NOT NULL,
  last_read_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, timeline)
) WITHOUT ROWID;

-- What a face announced, so that it is announced once and can be taken back.
CREATE TABLE announced (
  face TEXT NOT NULL,
  object_uri TEXT NOT NULL,
  form TEXT NOT NULL,
  announce_uri TEXT NOT NULL,
  announced_at INTEGER NOT NULL,
  withdrawn_at INTEGER,
  PRIMARY KEY (face, object_uri, form)
) WITHOUT ROWID;
CREATE INDEX announced_object ON announced (object_uri);

-- Ids that are dead for ever: a late Create or Like of them has no effect. host: the origin that said so.
CREATE TABLE tombstone (
  uri TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  kind TEXT NOT NULL,
  deleted_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Bodies (zlib) of what came with an author's proof, so that it can be served again.
CREATE TABLE proven (
  uri TEXT PRIMARY KEY,
  object_uri TEXT NOT NULL,
  raw BLOB NOT NULL,
  received_at INTEGER NOT NULL
);
CREATE INDEX proven_object ON proven (object_uri);

-- Posts of followed people, written for each follower here. id: of the post or of the boost.
CREATE TABLE home_entry (
  owner_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  boosted_by INTEGER,
  PRIMARY KEY (owner_id, id)
) WITHOUT ROWID;

CREATE TABLE notification (
  id INTEGER PRIMARY KEY,
  owner_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  actor_id INTEGER NOT NULL,
  post_id INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  UNIQUE (owner_id, kind, actor_id, post_id)
);
CREATE INDEX notification_owner ON notification (owner_id, id);

-- state: 0 new, 1 done, 2 waits (for a fetch or a retry), 3 parked (our fault), 4 refused.
-- uri_hash: of the signer's id and the activity's id, written after verification.
CREATE TABLE inbox_item (
  id INTEGER PRIMARY KEY,
  uri_hash BLOB NOT NULL UNIQUE,
  signer TEXT NOT NULL,
  body BLOB,
  state SMALLINT NOT NULL DEFAULT 0,
  attempts SMALLINT NOT NULL DEFAULT 0,
  next_at INTEGER,
  error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX inbox_waiting ON inbox_item (state, id) WHERE state IN (0, 2, 3);

-- The log of what we published. audience: {"followers": [actor ids], "inboxes": [...]}; form: '', wrapped or plain.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  uri TEXT NOT NULL,
  actor_id INTEGER NOT NULL,
  body BLOB NOT NULL,
  audience TEXT NOT NULL,
  form TEXT NOT NULL DEFAULT '',
  thread_id INTEGER NOT NULL DEFAULT 0,
  post_id INTEGER,
  created_at INTEGER NOT NULL
);
CREATE INDEX outbox_uri ON outbox (uri);
CREATE INDEX outbox_post ON outbox (post_id) WHERE post_id IS NOT NULL;

-- Deliveries above a peer's cursor that are settled, and those a peer refused: (what it said).
CREATE TABLE delivery_note (
  host TEXT NOT NULL,
  seq INTEGER NOT NULL,
  inbox TEXT NOT NULL,
  status SMALLINT NOT NULL,
  answer TEXT NOT NULL DEFAULT '',
  noted_at INTEGER NOT NULL,
  PRIMARY KEY (host, seq, inbox)
) WITHOUT ROWID;
CREATE INDEX delivery_note_seq ON delivery_note (seq);

CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  args TEXT NOT NULL,
  key TEXT UNIQUE,
  state SMALLINT NOT NULL DEFAULT 0,
  attempts SMALLINT NOT NULL DEFAULT 0,
  run_at INTEGER NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
);
CREATE INDEX job_due ON job (state, run_at);

CREATE TABLE report (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  reporter_id INTEGER NOT NULL,
  target_id INTEGER NOT NULL,
  group_id INTEGER,
  post_ids TEXT NOT NULL,
  comment TEXT NOT NULL,
  category TEXT NOT NULL DEFAULT 'other',
  state TEXT NOT NULL DEFAULT 'open',
  created_at INTEGER NOT NULL,
  closed_at INTEGER
);
CREATE INDEX report_state ON report (state, id);

CREATE TABLE idempotency (
  account_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  post_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, key)
) WITHOUT ROWID;

-- Acts of admins and moderators of this server. Append-only; each row carries the hash of the one before.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL
);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- INSERT OR REPLACE deletes without the trigger above.
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
