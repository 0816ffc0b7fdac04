"""What the server remembers, on SQLite or PostgreSQL: each subject a module, its tables and the questions to them."""

__fedcomm__ = True  # this package is ours, not another distribution's of the same name
