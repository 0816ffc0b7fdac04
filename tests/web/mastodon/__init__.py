"""The client API, as programs use it."""
