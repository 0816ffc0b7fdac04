-- What is fetched to complete conversations.
SELECT 1;
