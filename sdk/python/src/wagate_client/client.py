"""Calls of the gateway, and the session that most of them are about."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote

import httpx

from .errors import WagateError
from .events import Event, follow
from .generated import Client, models

TRIES = 5
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
NOT_NOW = (429, 503, 504)
# A stream says every few seconds that it is alive.
STREAM_SILENCE = 90.0
LOOK_INTERVAL = 0.5


class Wagate:
    """A gateway. `client` is for calls of the generated part, such as `api.chats.list_chats`."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        key: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 60.0,
    ):
        headers = {} if key is None else {"X-API-Key": key}
        self.http = httpx.Client(
            base_url=url, headers=headers, transport=transport, timeout=timeout
        )
        self.client = Client(base_url=url).set_httpx_client(self.http)

    def __enter__(self) -> Wagate:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def session(self, name: str) -> Session:
        """A session by its name, be it there or not."""
        return Session(self, name)

    def events(self, events: Sequence[str] = (), since: int | None = None) -> Iterator[Event]:
        """Events of all sessions, behind a number of the log; from the present by default."""
        return follow(lambda position: self.stream("/api/v1/events", events, position), since)

    def stream(
        self, path: str, events: Sequence[str], since: int | None
    ) -> AbstractContextManager[httpx.Response]:
        query: dict[str, Any] = {"events": ",".join(events)} if events else {}
        if since is not None:
            query["since"] = since
        waits = httpx.Timeout(30.0, read=STREAM_SILENCE)
        return self.http.stream("GET", path, params=query, timeout=waits)

    def call(self, method: str, path: str, body: Any = None, once: str | None = None) -> Any:
        """What a successful answer carries.

        A request that may be repeated is, while nothing answers or the answer is "not now".
        """
        headers = {} if once is None else {"Idempotency-Key": once}
        is_safe = method == "GET" or once is not None
        for attempt in range(1, TRIES + 1):
            is_last = not is_safe or attempt == TRIES
            asked = 0.0
            try:
                answer = self.http.request(method, path, json=body, headers=headers)
                if answer.is_success:
                    return answer.json()["data"]
                if is_last or answer.status_code not in NOT_NOW:
                    raise WagateError.of(answer)
                wished = answer.headers.get("Retry-After", "")
                asked = float(wished) if wished.isdecimal() else 0.0
            except httpx.TransportError:
                if is_last:
                    raise
            time.sleep(min(LONGEST_PAUSE, asked or FIRST_PAUSE * 2 ** (attempt - 1)))
        raise AssertionError("the last attempt answers or raises")


class Session:
    """A linked number."""

    def __init__(self, gateway: Wagate, name: str):
        self.gateway = gateway
        self.name = name
        self.path = f"/api/v1/sessions/{quote(name, safe='')}"

    def create(self, **config: Any) -> str:
        """Makes the session and gives its status. One that is alive already is no error."""
        try:
            body = {"sessionId": self.name, **config}
            return str(self.gateway.call("POST", "/api/v1/sessions", body)["status"])
        except WagateError as error:
            if error.code != "SESSION_ALREADY_EXISTS":
                raise
            return self.status()

    def status(self) -> str:
        return str(self.gateway.call("GET", f"{self.path}/status")["status"])

    def qr_text(self) -> str:
        """The text of the code that a phone scans."""
        return str(self.gateway.call("GET", f"{self.path}/qr?format=text")["qrText"])

    def ready(self, timeout: float = 120.0) -> None:
        """Waits until the session takes sends."""
        end = time.monotonic() + timeout
        while (status := self.status()) != "ready":
            if end < time.monotonic():
                raise TimeoutError(f"the session is {status} after {timeout:g} s")
            time.sleep(LOOK_INTERVAL)

    def send_text(
        self, chat_id: str, content: str, *, once: str | None = None, **more: Any
    ) -> models.SentView:
        """Sends a text. `once` names the send: with the same name it is sent once."""
        return self.send("send-text", {"chatId": chat_id, "content": content, **more}, once=once)

    def send(self, kind: str, body: Any, *, once: str | None = None) -> models.SentView:
        """Sends by an endpoint `send-…`: a dictionary, or a body such as `models.LocationBody`."""
        values = body.to_dict() if hasattr(body, "to_dict") else body
        named = once or str(uuid.uuid4())
        sent = self.gateway.call("POST", f"{self.path}/{kind}", values, once=named)
        return models.SentView.from_dict(sent)

    def events(self, events: Sequence[str] = (), since: int | None = None) -> Iterator[Event]:
        """Events of this session, behind a number of the log; from the present by default."""
        path = f"{self.path}/events"
        return follow(lambda position: self.gateway.stream(path, events, position), since)
