"""Signatures of webhooks, as Standard Webhooks has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

from .events import Event, event_of

# Seconds by which a delivery may be old, or ahead of this clock.
TOLERANCE = 300


def verify_webhook(
    secret: str, headers: Mapping[str, str], body: bytes | str, now: float | None = None
) -> Event:
    """The event of a delivery, if it is genuine; raises ValueError otherwise.

    `body` is the body as it came, not parsed. Deliveries are repeated until they are answered with
    2xx: the event's `id` is the same each time.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        event, at, signatures = (
            given[f"webhook-{name}"] for name in ("id", "timestamp", "signature")
        )
        age = abs((time.time() if now is None else now) - int(at))
    except KeyError as missing:
        raise ValueError(f"the webhook has no header {missing.args[0]}") from None
    if TOLERANCE < age:
        raise ValueError("the webhook is too old, or the clocks differ")
    raw = body.encode() if isinstance(body, str) else body
    plain = secret.removeprefix("whsec_")
    key = base64.b64decode(plain) if plain != secret else secret.encode()
    digest = hmac.new(key, f"{event}.{at}.".encode() + raw, hashlib.sha256).digest()
    expected = f"v1,{base64.b64encode(digest).decode()}"
    if not any(hmac.compare_digest(each, expected) for each in signatures.split()):
        raise ValueError("the signature of the webhook is not genuine")
    return event_of(json.loads(raw))
