-- Who did what a report objects to, '' for nobody in particular: they decide about it only where nobody else may. Of what
-- is open already it was taken to be the last that the account was told of.
ALTER TABLE report ADD COLUMN acted_by TEXT NOT NULL DEFAULT '';
UPDATE report SET acted_by = COALESCE((
  SELECT a.uri FROM sanction s JOIN actor a ON a.host = '' AND s.made_by = '@' || a.username
  WHERE s.target_id = report.target_id AND s.created_at <= report.created_at
  AND s.act IN ('warn', 'freeze', 'sensitive', 'limit', 'suspend')
  ORDER BY s.id DESC LIMIT 1
), '')
WHERE state = 'open' AND reporter_id = target_id AND post_ids = '[]';
