-- What links in mails are for: of each only the SHA-256 of its secret. A link counts as long as the account still has the
-- address to which it was sent (or, for a new address, until another one is wanted).
CREATE TABLE mail_link (
  id INTEGER PRIMARY KEY,
  token_hash BLOB NOT NULL UNIQUE,
  account_id INTEGER NOT NULL REFERENCES account (id),
  purpose TEXT NOT NULL,
  address TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_link_account ON mail_link (account_id);
