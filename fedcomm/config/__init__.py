"""What a process needs to know to start: read once, checked whole, and then fixed."""

from fedcomm.config.definitions import Config, settings
from fedcomm.config.problems import ConfigError, Problem
from fedcomm.config.reading import config_file, load

__all__ = ["Config", "ConfigError", "Problem", "config_file", "load", "settings"]
