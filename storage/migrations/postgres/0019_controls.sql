-- Who may like, answer and boost a post of another server, when that is not everybody (activitypub/controls.py, as JSON).

CREATE TABLE control (
  post_id BIGINT PRIMARY KEY,
  body TEXT NOT NULL
);

-- What members here asked of authors elsewhere who decide about it. uri: of the reply, like or boost; subject_id: the
-- reply or the boost, or the post that is liked; visibility: for whom it is to be, once it is granted; stamp: the id of
-- the authorization. state: waiting, granted, refused.

CREATE TABLE plea (
  uri TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  actor_id BIGINT NOT NULL,
  post_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  visibility SMALLINT NOT NULL,
  state TEXT NOT NULL,
  stamp TEXT NOT NULL DEFAULT '',
  asked_at BIGINT NOT NULL
);

CREATE INDEX plea_subject ON plea (subject_id);
CREATE INDEX plea_post ON plea (post_id);
