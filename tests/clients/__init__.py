"""Programs that people really use, against a server that really runs."""
