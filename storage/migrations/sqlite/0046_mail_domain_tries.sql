-- Who tried to sign up with an address in a closed domain: on which day since 1970 (UTC), and how often. who is a hash of
-- the network address of that day, so that the same one counts once; nothing is kept for longer than a week.
CREATE TABLE mail_domain_try (
  domain_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  who TEXT NOT NULL,
  tries INTEGER NOT NULL,
  PRIMARY KEY (domain_id, day, who)
) STRICT;
