-- What threads of a group have about them.
SELECT 1;
