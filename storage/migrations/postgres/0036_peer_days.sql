-- What passed between here and other servers, by day (UTC, counted from 1970): activities that came, deliveries that were
-- taken, tries that failed, deliveries that were refused for good. Kept for 60 days.
CREATE TABLE peer_day (
  host TEXT NOT NULL,
  day INTEGER NOT NULL,
  came INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  PRIMARY KEY (host, day)
);
