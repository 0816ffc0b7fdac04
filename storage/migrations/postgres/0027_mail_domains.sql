-- Domains, with all below them, in which nobody who signs up may have their e-mail address.
CREATE TABLE mail_domain (
  id BIGINT PRIMARY KEY,
  domain TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);
