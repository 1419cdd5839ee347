"""Events of the gateway's log, over server-sent events."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx

from .errors import WagateError
from .generated import models

# An event of the class that its name says, such as `models.MessageEvent`. One that is newer than
# this client, or has a value that is, is the dictionary that came.
Event = Any

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


def event_of(values: dict[str, Any]) -> Event:
    """An event as an object of its class."""
    words = re.split(r"[._]", values.get("event", ""))
    known = getattr(models, "".join(map(str.capitalize, words)) + "Event", None)
    if known is None:
        return values
    try:
        return known.from_dict(values)
    except (KeyError, TypeError, ValueError):
        return values


def frames_of(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Frames of a stream of server-sent events."""
    frame: dict[str, str] = {}
    for line in lines:
        if not line:
            yield frame
            frame = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            frame[name] = value.removeprefix(" ")


def follow(
    connect: Callable[[int | None], AbstractContextManager[httpx.Response]], since: int | None
) -> Iterator[Event]:
    """Follows the log. A lost connection is made again, behind the last event that was handled.

    Ends when the session is removed; raises where the key is refused.
    """
    position = since
    failures = 0
    while True:
        try:
            with connect(position) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise WagateError.of(answer)
                for frame in frames_of(answer.iter_lines()):
                    failures = 0
                    if frame.get("event") == "closed":
                        return
                    if "data" in frame and "id" in frame:
                        yield event_of(json.loads(frame["data"]))
                    # After the event was handled; the stream names its place at the beginning.
                    if "id" in frame:
                        position = int(frame["id"])
        except httpx.TransportError:
            pass
        except WagateError as error:
            if error.status != 429 and 400 <= error.status < 500:
                raise
        failures += 1
        time.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)))
