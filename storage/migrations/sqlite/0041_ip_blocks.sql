-- Networks (CIDR) whose people cannot sign up, only with a yes, or cannot reach the server at all: severity sign_up_block,
-- sign_up_requires_approval, no_access. Times in ms.
CREATE TABLE address_block (
  id INTEGER PRIMARY KEY,
  network TEXT NOT NULL UNIQUE,
  severity TEXT NOT NULL,
  comment TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
);

-- Addresses with which nobody signs up: SHA-256 (hex) of their canonical form, without dots and what follows a + in the name.
CREATE TABLE email_block (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
);

-- Who has not confirmed their address and waits for an admin after that, whatever holds for others.
CREATE TABLE sign_up_held (
  account_id INTEGER PRIMARY KEY
);
