-- What became of what was sent is worked out from the outbox, the cursors of peers and the delivery notes.

-- Who shows a tag on their profile is looked up by the tag, where an interest leads.
CREATE INDEX featured_tag_tag ON featured_tag (tag_id, actor_id);
