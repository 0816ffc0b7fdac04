-- Whether the first words of people of a server who nobody here knows to people here wait for who looks after this one.
ALTER TABLE peer ADD COLUMN hold_contact INTEGER NOT NULL DEFAULT 0;

-- Posts of people elsewhere whom nobody here knows, which name people here. state: waiting (body is the activity as it
-- came), passed (nothing kept it; only that the same text came is of interest), released, refused. kind: contact, young,
-- links, same. text_key: what the same text has in common, or the post alone has.
CREATE TABLE caught (
  id INTEGER PRIMARY KEY,
  post_uri TEXT NOT NULL UNIQUE,
  actor_id INTEGER NOT NULL REFERENCES actor (id),
  host TEXT NOT NULL,
  signer TEXT NOT NULL,
  body BLOB,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  text_key TEXT NOT NULL,
  excerpt TEXT NOT NULL,
  caught_at INTEGER NOT NULL
) STRICT;
CREATE INDEX caught_text ON caught (text_key, state, caught_at);
CREATE INDEX caught_state ON caught (state, id);
CREATE INDEX caught_actor ON caught (actor_id, state);

-- People elsewhere of whom who looks after this server has said that nothing of theirs is to wait.
CREATE TABLE trusted_contact (
  actor_id INTEGER PRIMARY KEY REFERENCES actor (id),
  trusted_at INTEGER NOT NULL
) STRICT;
