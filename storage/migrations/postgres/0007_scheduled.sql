-- Posts that are to be published later, and more of what members can say about polls, notices and themselves.

-- draft: JSON as fedcomm/drafting.py reads it. refused: the sentence with which it was turned away when its time came.
CREATE TABLE scheduled_post (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  actor_id BIGINT NOT NULL,
  draft TEXT NOT NULL,
  publish_at BIGINT NOT NULL,
  refused TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL
);
CREATE INDEX scheduled_post_account ON scheduled_post (account_id, id);

-- A picture that waits with a scheduled post is in no other and is not cleared away.
ALTER TABLE media ADD COLUMN scheduled_id BIGINT;
CREATE INDEX media_scheduled ON media (scheduled_id) WHERE scheduled_id IS NOT NULL;

-- Whether nobody sees how many chose which answer until the poll is over.
ALTER TABLE poll ADD COLUMN hide_totals SMALLINT NOT NULL DEFAULT 0;

-- As the other columns: 0 they are shown, 1 they wait, 2 there are none.
ALTER TABLE notification_policy ADD COLUMN bots SMALLINT NOT NULL DEFAULT 0;

-- What shows on a profile: its pictures in words, which parts it has, and which sites may name its owner as author.
ALTER TABLE actor ADD COLUMN icon_description TEXT NOT NULL DEFAULT '';
ALTER TABLE actor ADD COLUMN image_description TEXT NOT NULL DEFAULT '';
ALTER TABLE actor ADD COLUMN show_media SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE actor ADD COLUMN show_media_replies SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE actor ADD COLUMN show_featured SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE actor ADD COLUMN attribution_domains TEXT NOT NULL DEFAULT '[]';
