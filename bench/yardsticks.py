"""What unavoidable things cost on this machine at this moment, so that figures can be told as ratios."""

import asyncio
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import nh3
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from bench import machine, wire

ROUNDS = 7
ROUND_SECONDS = 0.08
REQUESTS = 3_000
_SAID = b"(request-target): post /inbox\nhost: groups.example\ndate: Thu, 26 Nov 2026 10:00:00 GMT\ndigest: SHA-256="
_HTML = (
    '<p>The first <a href="https://garden.example/beds" rel="nofollow">bed</a> is <b>dug</b>, says'
    ' <span class="h-card"><a href="https://garden.example/@anna" class="u-url mention">@anna</a></span>.</p>'
)
_PAGE = (_HTML * 4)[:700]


def measure(quick: bool = False) -> dict[str, float]:
    """CPU time of each yardstick in µs."""
    rsa, ed = generate_private_key(65_537, 2048), Ed25519PrivateKey.generate()
    rsa_public, ed_public = rsa.public_key(), ed.public_key()
    by_rsa, by_ed = rsa.sign(_SAID, PKCS1v15(), SHA256()), ed.sign(_SAID)
    found = {
        "rsa_sign": _cost(lambda: rsa.sign(_SAID, PKCS1v15(), SHA256()), quick),
        "rsa_verify": _cost(lambda: rsa_public.verify(by_rsa, _SAID, PKCS1v15(), SHA256()), quick),
        "ed25519_sign": _cost(lambda: ed.sign(_SAID), quick),
        "ed25519_verify": _cost(lambda: ed_public.verify(by_ed, _SAID), quick),
        "nh3_700": _cost(lambda: nh3.clean(_PAGE), quick),
    }
    return found | {"empty_request": _empty_request(REQUESTS // (10 if quick else 1))}


def _cost(work: Callable[[], Any], quick: bool) -> float:
    """The median of some rounds, in µs of CPU for one time."""
    rounds = []
    for _ in range(3 if quick else ROUNDS):
        count, begun, now = 0, time.thread_time(), 0.0
        while now < ROUND_SECONDS / (8 if quick else 1):
            for _ in range(10):
                work()
            count += 10
            now = time.thread_time() - begun
        rounds.append(now / count * 1e6)
    return statistics.median(rounds)


def _empty_request(number: int) -> float:
    """A request that is answered with nothing, by uvicorn with the same parts that the server uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-m", "bench.yardsticks", str(port)])
    try:
        _wait(port, process)
        request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        asyncio.run(wire.send_all(port, [request] * (number // 10), 16))
        rounds = []
        for _ in range(3):
            begun = machine.cpu_seconds(process.pid)
            asyncio.run(wire.send_all(port, [request] * number, 16))
            rounds.append((machine.cpu_seconds(process.pid) - begun) / number * 1e6)
        return statistics.median(rounds)
    finally:
        process.kill()
        process.wait()


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the server of the empty request did not start")


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """The application behind the empty request."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    uvicorn.run(nothing, host="127.0.0.1", port=int(sys.argv[1]), http="httptools", loop="uvloop", lifespan="off",
                access_log=False, log_level="critical")  # fmt: skip
