"""Protocol words to our columns and back: the only place that knows both."""

from fedcomm.mapping import actors, posts, rules

__all__ = ["actors", "posts", "rules"]
