-- Notifications of a post and of an actor are found without reading all there are: when it is deleted, or they are gone.

CREATE INDEX notification_post ON notification (post_id);
CREATE INDEX notification_actor ON notification (actor_id, post_id);
