-- What belongs to groups whose content is not for everybody.
SELECT 1;
