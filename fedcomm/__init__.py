"""fedcomm: a server for groups that are spread over many servers."""

__version__ = "0.1.0"
