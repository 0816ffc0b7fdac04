"""fedcomm: a server for groups that are spread over many servers."""

__version__ = "0.1.0"
SOURCE = "https://github.com/fedcomm/fedcomm"  # where whoever uses a server gets its source (AGPL §13)
