-- What became of what was sent.
SELECT 1;
