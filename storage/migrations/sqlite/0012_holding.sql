-- Posts that wait before they are in a group.
SELECT 1;
