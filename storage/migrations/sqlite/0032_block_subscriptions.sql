-- Lists of servers to block that others keep, read again each day. most: the strictest that is taken from it (suspend or
-- limit); automatic: what it says is decided at once and not drafted; adopt: what was decided here in the same words
-- counts as its own. etag and modified: what its server said of the version that was read. shrunk: how many servers a
-- version named that lost more than half and waits for a yes; accepted: how few it may name, since somebody said yes.
CREATE TABLE block_subscription (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  priority INTEGER NOT NULL,
  most TEXT NOT NULL,
  automatic INTEGER NOT NULL,
  adopt INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  etag TEXT NOT NULL DEFAULT '',
  modified TEXT NOT NULL DEFAULT '',
  entries INTEGER NOT NULL DEFAULT 0,
  read_at INTEGER,
  next_at INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  shrunk INTEGER,
  accepted INTEGER
);

-- What such a list said about servers when it was read last; wanted is JSON.
CREATE TABLE block_subscribed (
  subscription_id INTEGER NOT NULL,
  host TEXT NOT NULL,
  wanted TEXT NOT NULL,
  PRIMARY KEY (subscription_id, host)
) WITHOUT ROWID;

-- Whether the subscriptions made the list; its entries go with what they say.
ALTER TABLE block_list ADD COLUMN subscribed INTEGER NOT NULL DEFAULT 0;
