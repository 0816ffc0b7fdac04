"""Other servers' answers to GET, for a client that speaks to them over a transport that has only these."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from activitypub.client import Client
from activitypub.policy import Policy

JSON = "application/json"
Answers = Mapping[str, Any]


def client(answers: Answers) -> Client:
    """A client to whom each URL answers as listed: a JSON value, or an `httpx.Response`; all others with 404."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers.get(str(request.url))
        if found is None:
            return httpx.Response(404)
        if isinstance(found, httpx.Response):
            return found
        return httpx.Response(200, content=json.dumps(found).encode(), headers={"content-type": JSON})

    return Client(httpx.MockTransport(answer), "test", Policy())
