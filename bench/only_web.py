"""The server with one half of its work: it takes in and answers, and gives nothing its effect.

`fedcomm serve` refuses this on SQLite, since nobody would do the other half; here that is what is wanted.
"""

from fedcomm import lock, server, setup
from fedcomm.config import load

if __name__ == "__main__":
    config = load()
    setup.prepare(config)
    with lock.held(config.data_dir, "web"):
        server.run(config, role="web")
