"""The journey of a program with the client that openapi-python-client generates into `dist`."""

import json
import sys

import httpx

sys.path.insert(0, "dist")
from python_client import Client, models
from python_client.api.chats import list_chats
from python_client.api.events import stream_session_events
from python_client.api.linking import get_qr_code
from python_client.api.messages import send_text
from python_client.api.sessions import create_session, get_session_status

address, phone = sys.argv[1:]
client = Client(base_url=address)

created = create_session.sync(client=client, body=models.CreateBody(session_id="python"))
assert created.data.session_id == "python", created

code = get_qr_code.sync("python", client=client, format_=models.QrFormat.TEXT)
scan = httpx.post(
    f"{address}/_simulator/v1/accounts/{phone}/scan", json={"code": code.data.qr_text}
)
scan.raise_for_status()
while get_session_status.sync("python", client=client).data.status != "ready":
    pass

body = models.TextBody(chat_id="15550000001@c.us", content="Hello")
sent = send_text.sync("python", client=client, body=body)
chats = list_chats.sync("python", client=client)
refused = send_text.sync(
    "python", client=client, body=models.TextBody(chat_id="nobody", content="Hello")
)

# It has no streams: the whole answer is read, up to the first event.
stream = stream_session_events.sync_detailed("python", client=client, since=0, until=1)
lines = [line for line in stream.content.decode().splitlines() if line.startswith("data: ")]
event = models.QrEvent.from_dict(json.loads(lines[0].removeprefix("data: ")))

print(
    json.dumps(
        {
            "ack": sent.data.ack,
            "names": [chat.id for chat in chats.data],
            "fault": refused.error.code,
            "events": [event.event],
        }
    )
)
