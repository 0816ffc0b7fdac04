"""Protocol words to our columns and back: the only place that knows both."""

from fedcomm.mapping import actors, posts

__all__ = ["actors", "posts"]
