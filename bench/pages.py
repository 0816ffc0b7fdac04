"""Requests of a client that reads."""

from bench.house import House


def request(house: House, token: str, path: str) -> bytes:
    """The whole request for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: {house.host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
