-- What waits for an answer.
SELECT 1;
