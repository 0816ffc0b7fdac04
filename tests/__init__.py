"""The tests; `tests.build`, `tests.fediverse` and the other modules here are what they are written with."""
