"""The client API of Mastodon: one module a resource, in Mastodon's words."""
