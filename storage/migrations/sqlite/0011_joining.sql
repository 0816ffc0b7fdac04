-- How people come into groups.
SELECT 1;
