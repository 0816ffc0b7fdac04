-- Domains, with all below them, in which nobody who signs up may have their e-mail address.
CREATE TABLE mail_domain (
  id INTEGER PRIMARY KEY,
  domain TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;
