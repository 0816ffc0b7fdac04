"""Feeds: what a feed and its items say, and how Atom, RSS and JSON Feed write it."""
