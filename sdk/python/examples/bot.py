"""Answers "ping" with "pong", each message once, also after the connection or the bot was gone.

Usage: python examples/bot.py SESSION [FILE]
"""

import os
import pathlib
import sys

from wagate_client import Wagate, models

name = sys.argv[1] if 1 < len(sys.argv) else "my-bot"
file = pathlib.Path(sys.argv[2] if 2 < len(sys.argv) else "position.txt")
url = os.environ.get("WAGATE_URL", "http://127.0.0.1:8080")
session = Wagate(url, os.environ.get("WAGATE_API_KEY")).session(name)

since = int(file.read_text()) if file.exists() else None
for event in session.events(["message"], since=since):
    if isinstance(event, models.MessageEvent) and event.data.body == "ping":
        session.send_text(
            event.data.from_, "pong", once=str(event.id), quotedMessageId=event.data.id
        )
        file.write_text(str(event.seq))
