"""Pages for admins of this server."""
