"""The process that `tests.server.forking` asks: it has loaded the programs, and runs each as a fork of its own."""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys

PROGRAMS = ("fedcomm.cli", "fedcomm.server", "fedcomm.accounts", "web.app", "asyncpg", "toot.cli")


def ordered(door: socket.socket) -> list[str]:
    """The command of a fork, in the fork. The process that forks never comes back from here."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children: dict[int, int] = {}
    while True:
        ready = select.select([door, woken], [], [])[0]
        if woken in ready:
            os.read(woken, 100)
            _tell_of_dead(children)
        if door in ready:
            message, files, _, _ = socket.recv_fds(door, 1 << 18, 4)
            if not message:
                os._exit(0)
            if not (pid := os.fork()):
                return _begin(json.loads(message), files)
            children[pid] = files[3]
            for file in files[:3]:
                os.close(file)
            door.send(str(pid).encode())


def _tell_of_dead(children: dict[int, int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        told = children.pop(pid)
        os.write(told, str(status).encode())
        os.close(told)


def _begin(order: dict[str, list[str]], files: list[int]) -> list[str]:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    os.closerange(3, 1000)
    os.environ.clear()
    os.environ.update(order["environment"])
    return order["command"]


if __name__ == "__main__":
    for program in PROGRAMS:
        importlib.import_module(program)
    gc.freeze()  # what is there now is shared as long as nobody touches it
    module, *arguments = ordered(socket.socket(fileno=int(sys.argv[1])))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
