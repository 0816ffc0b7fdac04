-- Posts that one act took out of a group together: a ban with all that somebody has written there. It stays when they are
-- back. Of bans before this was kept, what is still out by them.
CREATE TABLE act_post (
  act_id INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  PRIMARY KEY (act_id, post_id)
) WITHOUT ROWID;
INSERT INTO act_post (act_id, post_id)
SELECT ban.act_id, post.id FROM register ban JOIN actor ON actor.uri = ban.subject
JOIN post ON post.author_id = actor.id AND post.group_id = ban.group_id AND post.removed_at IS NOT NULL
WHERE ban.property = 'ban' AND ban.value LIKE '%"remove":true%'
AND NOT EXISTS (SELECT 1 FROM register single WHERE single.group_id = ban.group_id AND single.property = 'removed'
 AND single.subject = post.uri AND single.value IS NOT NULL);
-- For lists of what was done of one kind, in all groups and by who looks after the server.
CREATE INDEX act_property ON act (property, id);
CREATE INDEX audit_act ON audit (act, id);
