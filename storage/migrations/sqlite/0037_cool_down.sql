-- locked_until: when a thread that is locked for a while opens by itself (ms since 1970), NULL for not.
ALTER TABLE post ADD COLUMN locked_until INTEGER;
